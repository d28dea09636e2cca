"""The environment that the real vLLM server of the suite runs in: `python -m tests.vllm.environment` makes it.

Its requirements are complete: some of the packages declare others that are not needed on a CPU.
"""

from typing import Final

from tests.environment import ROOT, Environment

ENVIRONMENT: Final = Environment(
    "vLLM",
    ROOT / ".venv-vllm",
    ROOT / "deploy/vllm/requirements-cpu.txt",
    "PODIUM_VLLM_PYTHON",
    "test-vllm",
    "its CPU build, about 100 packages, 1.8 GB, some minutes",
    complete=True,
)

if __name__ == "__main__":
    raise SystemExit(ENVIRONMENT.main())
