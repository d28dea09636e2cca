"""What the tests of the bundled model share."""

import pytest

from orchestrator.embedded.checkpoint import Checkpoint, Loaded, checkpoint_at


@pytest.fixture(scope="session")
def bundled() -> Checkpoint:
    """The checkpoint that comes with Podium."""
    return checkpoint_at()


@pytest.fixture(scope="session")
def model(bundled: Checkpoint) -> Loaded:
    """The same, loaded."""
    return bundled.loaded()
