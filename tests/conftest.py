"""What holds for every test."""

import pytest
from hypothesis import settings

settings.register_profile("podium", deadline=None)
settings.load_profile("podium")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Browser tests last: Playwright's synchronous interface keeps an event loop running until the session ends."""
    items.sort(key=lambda item: "playwright" in getattr(item, "fixturenames", ()))
