"""Makes the environment in which verl reads exported files, or tells why it cannot be had.

`python tests/verl/environment.py` installs tests/verl/requirements.txt into `.venv-verl`. `PODIUM_VERL_PYTHON` names
the interpreter of an environment that is already there. It ends with exit code 0 where PyTorch's CPU build or verl
cannot be had: the suite then skips, and says why.
"""

import hashlib
import os
import subprocess
import sys
import venv
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
FOLDER: Final = ROOT / ".venv-verl"
REQUIREMENTS: Final = Path(__file__).with_name("requirements.txt")
PYTHON: Final = FOLDER / "bin/python"
READY: Final = FOLDER / "ready"
"""Holds the digest of the requirements that are installed."""
REASON: Final = FOLDER / "unavailable"
"""Holds the reason why there is no verl, where there is none."""
VARIABLE: Final = "PODIUM_VERL_PYTHON"


class Unavailable(Exception):
    """There is no verl to run here; the message says why."""


def interpreter() -> Path:
    """The Python that has verl; raises Unavailable."""
    if named := os.environ.get(VARIABLE):
        if not Path(named).exists():
            raise Unavailable(f"{VARIABLE} names {named}, which does not exist")
        return Path(named)
    if READY.exists() and READY.read_text("utf-8") == _digest():
        return PYTHON
    raise Unavailable(REASON.read_text("utf-8") if REASON.exists() else "no verl is installed; run `make test-verl`")


def make() -> None:
    """Install what the requirements pin, unless it is there already; raises Unavailable where that cannot be done."""
    try:
        interpreter()
        return
    except Unavailable:
        if os.environ.get(VARIABLE):
            raise
    print("Installing verl with PyTorch's CPU build into .venv-verl: about 130 packages, 1.9 GB.", flush=True)
    venv.create(FOLDER, with_pip=True)
    REASON.unlink(missing_ok=True)
    command = [str(PYTHON), "-m", "pip", "install", "--disable-pip-version-check", "--no-input", "--quiet"]
    done = subprocess.run([*command, "-r", str(REQUIREMENTS)], stderr=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no reason was given"])[-1]
        raise Unavailable(
            f"tests/verl/requirements.txt cannot be installed ({last}); make PyTorch's wheels for CPUs known to pip, "
            "for example through PIP_EXTRA_INDEX_URL or PIP_FIND_LINKS"
        )
    READY.write_text(_digest(), "utf-8")


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
        print(f"The tests with verl will be skipped: {reason}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
