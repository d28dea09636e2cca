"""Tests that need something which a machine may lack: nginx, a C compiler, the right to mount."""

import os
from typing import NoReturn

import pytest


def skip(reason: str) -> NoReturn:
    """Skip the test that runs; where `PODIUM_NO_SKIPS` is set, as before a change lands, it fails."""
    if os.environ.get("PODIUM_NO_SKIPS"):
        pytest.fail(f"this must be tried here: {reason}", pytrace=False)
    pytest.skip(reason)
