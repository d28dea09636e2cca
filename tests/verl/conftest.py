"""verl runs in an environment of its own. These tests are collected only where the command line names this folder."""

from pathlib import Path

import pytest

from tests.environment import Unavailable
from tests.verl.environment import ENVIRONMENT

HERE = Path(__file__).resolve().parent


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave this folder alone unless it was asked for."""
    asked = [Path(config.invocation_params.dir, argument.partition("::")[0]).resolve() for argument in config.args]
    named = any(path == HERE or HERE in path.parents for path in asked)
    return None if named else True


@pytest.fixture(scope="session")
def verl_python() -> Path:
    """The interpreter that has verl; the whole suite skips where there is none."""
    try:
        return ENVIRONMENT.interpreter()
    except Unavailable as reason:
        pytest.skip(str(reason))
