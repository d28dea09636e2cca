"""A real vLLM server for the whole session, and what the tests of this folder share.

These tests are collected only where the command line names this folder or a file in it (`make test-vllm`).
"""

import subprocess
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest

from orchestrator.pool import Pool
from orchestrator.rehearsal.world import rehearsal_pool
from tests.environment import Unavailable
from tests.vllm.environment import ENVIRONMENT
from tests.vllm.server import Server, serving
from webapp.services import Services, open_services
from webapp.settings import Settings

MEASURED = pytest.StashKey[list[tuple[str, object]]]()
HERE = Path(__file__).resolve().parent


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave this folder alone unless it was asked for."""
    asked = [Path(config.invocation_params.dir, argument.partition("::")[0]) for argument in config.args]
    named = any(path.resolve() == HERE or HERE in path.resolve().parents for path in asked)
    return None if named else True


@pytest.fixture(scope="session")
def measure(pytestconfig: pytest.Config) -> Callable[[str, object], None]:
    """Takes down a measurement, to be shown at the end of the session."""
    measured = pytestconfig.stash.setdefault(MEASURED, [])
    return lambda what, value: measured.append((what, value))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Show what was measured."""
    for what, value in config.stash.get(MEASURED, []):
        terminalreporter.write_line(f"{what}: {value}")


@pytest.fixture(scope="session")
def vllm_python() -> Path:
    """The interpreter that has vLLM; the whole suite skips where there is none."""
    try:
        return ENVIRONMENT.interpreter()
    except Unavailable as reason:
        pytest.skip(str(reason))


@pytest.fixture(scope="session")
def checkpoint(vllm_python: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small checkpoint without weights."""
    folder = tmp_path_factory.mktemp("checkpoint")
    command = [str(vllm_python), "-P", str(HERE / "checkpoint.py"), str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture(scope="session")
def server(
    vllm_python: Path,
    checkpoint: Path,
    tmp_path_factory: pytest.TempPathFactory,
    measure: Callable[[str, object], None],
) -> Iterator[Server]:
    """The server of the session."""
    with serving(vllm_python, checkpoint, tmp_path_factory.mktemp("server") / "log") as running:
        measure("the server is healthy after", f"{running.start_s:.0f} s")
        yield running


@pytest.fixture
def pool() -> Pool:
    """What the model is told it can choose from."""
    return rehearsal_pool()


@pytest.fixture
async def services(tmp_path: Path, server: Server) -> AsyncIterator[Services]:
    """The whole app over a database of its own, asking the server directly, with stand-ins that do not wait."""
    async with open_services(Settings(data_dir=tmp_path / "data", pace=0.0, policy=server.spec)) as opened:
        yield opened
