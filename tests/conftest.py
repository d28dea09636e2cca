"""What holds for every test."""

import pytest
from hypothesis import settings

settings.register_profile("podium", deadline=None)
settings.load_profile("podium")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Browser tests last: Playwright's synchronous interface keeps an event loop running until the session ends.

    They get a second try. A machine that stalls for seconds breaks the stream between page and server, which is a
    console error and so a failure; what is broken fails twice. The summary names what was tried again.
    """
    items.sort(key=lambda item: "playwright" in getattr(item, "fixturenames", ()))
    for item in items:
        if item.get_closest_marker("browser"):
            item.add_marker(pytest.mark.flaky(reruns=1))
