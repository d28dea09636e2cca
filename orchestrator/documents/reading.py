"""Reading the folder or file that a user points at: txt, md, html, pdf and JSON lines, also compressed with gzip."""

import gzip
import os
import re
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from orchestrator.documents.html import read_html
from orchestrator.documents.jsonl import MalformedLine, read_jsonl
from orchestrator.documents.markdown import read_markdown
from orchestrator.documents.passage import Reading as OneFile
from orchestrator.documents.passage import Unreadable, passages
from orchestrator.documents.pdf import read_pdf
from orchestrator.documents.plain import read_text
from orchestrator.trajectory import Document

LARGEST_BYTES: Final = 64 * 2**20
"""A file with more, once uncompressed, is passed over."""
_KINDS: Final[Mapping[str, str]] = {
    ".html": "html", ".htm": "html", ".xhtml": "html", ".md": "md", ".markdown": "md", ".jsonl": "jsonl",
    ".ndjson": "jsonl", ".txt": "txt", ".text": "txt", ".rst": "txt", "": "txt", ".pdf": "pdf",
}  # fmt: skip
_PREFERENCE: Final = ("html", "md", "jsonl", "txt", "pdf")
_FURNITURE: Final = re.compile(r"_(sources|static|images|downloads)|__pycache__|node_modules")
_INDEX_PAGE: Final = re.compile(r"(genindex.*|search|py-modindex)\.html?$")
_CHARSET: Final = re.compile(rb"charset\s*=\s*[\"']?([A-Za-z0-9_\-]{2,20})")

Progress = Callable[[int, int], None]
"""Called with how many files are done and how many there are."""


class NoDocuments(ValueError):
    """The path does not lead to documents; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Skipped:
    """A file that was passed over."""

    path: str
    """Relative to the folder that was read."""
    reason: str


@dataclass(frozen=True, slots=True)
class Reading:
    """The passages of a folder or a file, and what could not be read."""

    passages: tuple[Document, ...]
    skipped: tuple[Skipped, ...]


@dataclass(frozen=True, slots=True)
class Found:
    """A file to read: its name relative to the folder, and how."""

    path: Path
    name: str
    kind: str


def read_documents(path: Path, on_progress: Progress | None = None) -> Reading:
    """All passages below `path`; raises NoDocuments where it does not exist, MalformedLine for a single JSONL file."""
    found, skipped = find(path)
    kept: list[Document] = []
    for number, file in enumerate(found, start=1):
        part = read_file(file, strict=path.is_file())
        if isinstance(part, Skipped):
            skipped.append(part)
        else:
            kept += part
        if on_progress is not None:
            on_progress(number, len(found))
    return Reading(tuple(kept), tuple(skipped))


def find(path: Path) -> tuple[list[Found], list[Skipped]]:
    """The files below `path` that can be read, each document once, and those of other kinds."""
    if not path.exists():
        raise NoDocuments(f"there is no file or folder {path}; point --documents at one")
    root = path.resolve()
    skipped: list[Skipped] = []
    chosen: dict[str, Found] = {}
    for file in [root] if root.is_file() else _files(root):
        name = file.name if file == root else file.relative_to(root).as_posix()
        if file.is_symlink() and file.resolve().is_relative_to(root):
            continue
        stem, kind = _kind(name)
        if kind is None:
            skipped.append(Skipped(name, "not a kind of file that is read"))
            continue
        rival = chosen.get(stem)
        if rival is not None:
            kept, other = sorted((rival, Found(file, name, kind)), key=lambda f: _PREFERENCE.index(f.kind))
            skipped.append(Skipped(other.name, f"{kept.name} is taken for the same document"))
            chosen[stem] = kept
        else:
            chosen[stem] = Found(file, name, kind)
    return list(chosen.values()), skipped


def _files(root: Path) -> Iterator[Path]:
    for folder, below, names in os.walk(root):
        below[:] = sorted(b for b in below if not b.startswith(".") and not _FURNITURE.fullmatch(b))
        for name in sorted(names):
            file = Path(folder, name)
            if not name.startswith(".") and not _INDEX_PAGE.fullmatch(name) and file.is_file():
                yield file


def _kind(name: str) -> tuple[str, str | None]:
    plain = name.removesuffix(".gz")
    suffix = Path(plain).suffix.lower()
    if suffix not in _KINDS and re.fullmatch(r"\.\d+", suffix):
        return plain, None
    kind = _KINDS.get(suffix)
    return (plain if kind == "jsonl" else plain.removesuffix(Path(plain).suffix)), kind


def read_file(file: Found, *, strict: bool = False) -> list[Document] | Skipped:
    """The passages of one file, or why there are none. `strict` lets MalformedLine through."""
    try:
        data = _bytes(file.path)
        if file.kind == "pdf":
            return list(passages(read_pdf(data, file.path.name), file.name))
        text = decoded(data)
        if file.kind == "jsonl":
            return list(read_jsonl(text.splitlines(), file.name))
        found = list(passages(_sections(file, text), file.name))
        return found or Skipped(file.name, "it holds no text")
    except MalformedLine as failure:
        if strict:
            raise
        return Skipped(file.name, str(failure))
    except (Unreadable, OSError, EOFError, zlib.error) as failure:
        return Skipped(file.name, str(failure))


def _sections(file: Found, text: str) -> OneFile:
    name = file.path.name.removesuffix(".gz")
    readers: Mapping[str, Callable[[str, str], OneFile]] = {
        "html": read_html, "md": read_markdown, "txt": read_text,
    }  # fmt: skip
    return readers[file.kind](text, name)


def _bytes(path: Path) -> bytes:
    with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as stream:
        data = stream.read(LARGEST_BYTES + 1)
    if len(data) > LARGEST_BYTES:
        raise Unreadable(f"it has more than {LARGEST_BYTES // 2**20} MB; split it into smaller files")
    return data


def decoded(data: bytes) -> str:
    """Its text: by byte order mark, as UTF-8, by the charset it states, else as Windows-1252; raises Unreadable."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", errors="replace")
    if b"\0" in data[:8192]:
        raise Unreadable("it is binary, not text")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        stated = _CHARSET.search(data[:2048])
    for name in (stated[1].decode("ascii") if stated else "cp1252", "cp1252"):
        try:
            return data.decode(name)
        except (UnicodeDecodeError, LookupError):
            continue
    return data.decode("latin-1")


def fingerprint(files: Iterable[Found]) -> list[tuple[str, int, int]]:
    """Name, size and time of change of each file: another list means that something changed."""
    facts = ((file.name, file.path.stat()) for file in files)
    return [(name, stat.st_size, stat.st_mtime_ns) for name, stat in facts]
