"""What holds for every test."""

import signal

import pytest
from hypothesis import settings

settings.register_profile("podium", deadline=None)
settings.load_profile("podium")
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # As in the background of a shell; what tests start inherits it.
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files with browser tests last: Playwright's synchronous interface keeps an event loop running to the end.

    A worker of pytest-xdist takes whole files in this order. Browser tests get a second try: a machine that stalls for
    seconds breaks the stream between page and server, which is a console error and so a failure; what is broken fails
    twice. The summary names what was tried again.
    """
    driving = {item.path for item in items if "playwright" in getattr(item, "fixturenames", ())}
    items.sort(key=lambda item: item.path in driving)
    for item in items:
        if item.get_closest_marker("browser"):
            item.add_marker(pytest.mark.flaky(reruns=1))
