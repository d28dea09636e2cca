"""Digests that tell whether a checkpoint, its data or the code are those of the training."""

import hashlib
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final

SOURCES: Final = ("neural", "training_files/chat.py")
"""Below `prefs`: what decides on the scores of a model."""


def of_folder(folder: Path) -> str:
    """SHA-256 over the name and content of every file in a folder; raises FileNotFoundError where there is none."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    if not files:
        raise FileNotFoundError(f"there is no file in {folder}")
    return _of_files((path.relative_to(folder).as_posix(), path) for path in files)


def of_text(text: str) -> str:
    """SHA-256 of a text."""
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()


def code_version() -> str:
    """`0.1.0+3f2a…`: the version of the package and the digest of this code, whether or not git is there."""
    root = Path(__file__).parents[1]
    found = [path for source in SOURCES for path in _sources(root / source)]
    digest = _of_files((path.relative_to(root).as_posix(), path) for path in sorted(found))
    try:
        installed = version("podium")
    except PackageNotFoundError:
        installed = "unknown"
    return f"{installed}+{digest[:12]}"


def _sources(path: Path) -> list[Path]:
    return sorted(path.glob("*.py")) if path.is_dir() else [path] * path.is_file()


def _of_files(named: Iterable[tuple[str, Path]]) -> str:
    whole = hashlib.sha256()
    for name, path in named:
        with path.open("rb") as file:
            whole.update(f"{hashlib.file_digest(file, 'sha256').hexdigest()}  {name}\n".encode())
    return whole.hexdigest()
