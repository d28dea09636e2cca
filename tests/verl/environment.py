"""The environment in which verl reads exported files: `python -m tests.verl.environment` makes it."""

from pathlib import Path
from typing import Final

from tests.environment import ROOT, Environment

ENVIRONMENT: Final = Environment(
    "verl",
    ROOT / ".venv-verl",
    Path(__file__).with_name("requirements.txt"),
    "PODIUM_VERL_PYTHON",
    "test-verl",
    "with PyTorch's CPU build, about 130 packages, 1.9 GB",
)

if __name__ == "__main__":
    raise SystemExit(ENVIRONMENT.main())
