"""Makes the environment that the real vLLM server of the suite runs in, or tells why it cannot be had.

`python tests/vllm/environment.py` installs the pinned CPU build into `.venv-vllm`. `PODIUM_VLLM_PYTHON` names the
interpreter of an environment that is already there. It ends with exit code 0 where the CPU build of torch cannot be
had: the suite then skips, and says why. Any other failure is one.
"""

import hashlib
import os
import subprocess
import sys
import venv
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
FOLDER: Final = ROOT / ".venv-vllm"
REQUIREMENTS: Final = ROOT / "deploy/vllm/requirements-cpu.txt"
PYTHON: Final = FOLDER / "bin/python"
READY: Final = FOLDER / "ready"
"""Holds the digest of the requirements that are installed."""
REASON: Final = FOLDER / "unavailable"
"""Holds the reason why there is no server, where there is none."""
VARIABLE: Final = "PODIUM_VLLM_PYTHON"


class Unavailable(Exception):
    """There is no vLLM to run here; the message says why."""


def interpreter() -> Path:
    """The Python that has vLLM; raises Unavailable."""
    if named := os.environ.get(VARIABLE):
        if not Path(named).exists():
            raise Unavailable(f"{VARIABLE} names {named}, which does not exist")
        return Path(named)
    if READY.exists() and READY.read_text("utf-8") == _digest():
        return PYTHON
    raise Unavailable(REASON.read_text("utf-8") if REASON.exists() else "no vLLM is installed; run `make test-vllm`")


def make() -> None:
    """Install what the requirements pin, unless it is there already; raises Unavailable without torch's CPU build."""
    try:
        interpreter()
        return
    except Unavailable:
        if os.environ.get(VARIABLE):
            raise
    print("Installing the CPU build of vLLM into .venv-vllm: about 100 packages, 1.8 GB, some minutes.", flush=True)
    venv.create(FOLDER, with_pip=True)
    REASON.unlink(missing_ok=True)
    torch = next(line for line in REQUIREMENTS.read_text("utf-8").splitlines() if line.startswith("torch=="))
    done = _pip("install", "--no-deps", torch)
    if done.returncode:
        raise Unavailable(_without_torch(torch, done.stderr))
    # Without dependencies: the set is complete, and some of its packages declare ones that are not needed on a CPU.
    done = _pip("install", "--no-deps", "--requirement", str(REQUIREMENTS))
    if done.returncode:
        raise SystemExit(f"the packages of {REQUIREMENTS.relative_to(ROOT)} cannot be installed:\n{done.stderr}")
    READY.write_text(_digest(), "utf-8")


def _without_torch(torch: str, said: str) -> str:
    last = (said.strip().splitlines() or ["no reason was given"])[-1]
    return (
        f"{torch} cannot be installed ({last}); make PyTorch's wheels for CPUs known to pip, for example through "
        "PIP_EXTRA_INDEX_URL or PIP_FIND_LINKS"
    )


def _pip(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [str(PYTHON), "-m", "pip", "--disable-pip-version-check", "--no-input", *arguments, "--quiet"]
    return subprocess.run(command, stderr=subprocess.PIPE, text=True, check=False)


def _digest() -> str:
    return hashlib.sha256(REQUIREMENTS.read_bytes()).hexdigest()


def main() -> int:
    """Make the environment; 0 also where the suite must skip, but not where an interpreter is named in vain."""
    try:
        make()
    except Unavailable as reason:
        if os.environ.get(VARIABLE):
            print(reason, file=sys.stderr)
            return 1
        REASON.write_text(str(reason), "utf-8")
        print(f"The tests against a real vLLM server will be skipped: {reason}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
