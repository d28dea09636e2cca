"""What building and starting the image needs of this machine: programs, a package index, a base."""

import ast
import configparser
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

PROGRAMS: Final = ("buildah", "podman", "runc", "catatonit", "debootstrap")
SUITE: Final = "bookworm"
"""Of Debian; its python3 is 3.11."""


def missing() -> str:
    """Why the image cannot be built here, or nothing."""
    if not os.environ.get("PODIUM_IMAGE"):
        return "building the image takes minutes; run `make test-image`"
    if os.geteuid() != 0:
        return "the image can be built and started without an engine only by root"
    lacking = [program for program in PROGRAMS if shutil.which(program) is None]
    if lacking:
        return f"no {', '.join(lacking)} here; on Debian: apt install --no-install-recommends {' '.join(PROGRAMS)}"
    return ""


def debian(folder: Path) -> None:
    """A small Debian with Python, as `python:3.11-slim` is one. PODIUM_IMAGE_MIRROR names a mirror of your own."""
    include = "--include=ca-certificates,python3,python3-venv"
    mirror = [one for one in (os.environ.get("PODIUM_IMAGE_MIRROR"),) if one]
    subprocess.run(["debootstrap", "--variant=minbase", include, SUITE, str(folder), *mirror], check=True)


def index_mounts(folder: Path) -> list[str]:
    """Flags that let pip in a build use what this machine's pip uses, without a trace in the Dockerfile."""
    settings = _pip_settings()
    written = configparser.RawConfigParser()
    written.read_dict({"global": settings})
    with (folder / "pip.conf").open("w") as conf:
        written.write(conf)
    paths = {Path(path) for value in settings.values() for word in value.split() if (path := _local(word))}
    # Of `…/simple` beside `…/files`, pip needs both.
    paths = {path.parent if path.name == "simple" else path for path in paths}
    mounts = [f"--volume={path}:{path}:ro" for path in sorted(paths) if path.exists()]
    return [*mounts, f"--volume={folder / 'pip.conf'}:/etc/pip.conf:ro"]


def _pip_settings() -> dict[str, str]:
    """Files first, then the environment, which overrides them."""
    listed = subprocess.run(
        [sys.executable, "-m", "pip", "config", "list"], capture_output=True, text=True, check=True
    ).stdout
    pairs = [line.partition("=")[::2] for line in sorted(listed.splitlines(), reverse=True)]
    wanted = [(name, value) for name, value in pairs if name.startswith(("global.", ":env:.", "install."))]
    return {name.rpartition(".")[2]: str(ast.literal_eval(value)) for name, value in wanted}


def _local(word: str) -> str:
    if word.startswith("/"):
        return word
    return urlsplit(word).path if word.startswith("file:") else ""
