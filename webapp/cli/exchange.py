"""`podium import KIND FILE` and `podium export KIND [--out FILE]`."""

import argparse
import asyncio
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Final

from webapp.cli import flags

IMPORTS: Final = {
    "queries": 'JSONL: {"query": "…", "reference": "…"}; they are offered on the page',
    "trajectories": "JSONL as `podium export trajectories` writes it, with texts or without",
    "traces": "what ToolOrchestra's evaluation on HLE writes: JSONL, a JSON file of one trace, or a folder",
    "rankings": "JSONL or Parquet as `podium export rankings` writes it; their trajectories must be here",
}
OPTIONS: Final = ("cost", "latency", "margin", "ties", "chosen", "preference", "split", "profile")
"""Flags of training files."""


def add_to(commands: Any) -> None:
    """Both commands."""
    out = commands.add_parser(
        "export",
        help="write rankings, trajectories, training files or a data card",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        add_help=False,
    )
    out.add_argument("-h", "--help", action=_Help, help="show this, with every kind, and exit")
    out.add_argument("kind", type=_kind, metavar="KIND", help="what to write: see below")
    out.add_argument("--out", type=Path, metavar="FILE", help="file to write; otherwise stdout")
    out.add_argument("--format", choices=["jsonl", "parquet"], help="otherwise what the kind's reader expects")
    out.add_argument(
        "--texts", action="store_true", help="trajectories with their prompts and raw replies in place of addresses"
    )
    out.add_argument("--names", action="store_true", help="the annotators' names instead of pseudonyms")
    out.add_argument(
        "--redact",
        action=argparse.BooleanOptionalAction,
        help="strike out keys, tokens, e-mail addresses and the patterns of PODIUM_REDACT; card and rewardbench2 do so "
        "unless --no-redact is given",
    )
    out.add_argument("--licence", metavar="TEXT", help="what the data card says of the licence")
    _add_training(out.add_argument_group("training files"))
    flags.add_database(out)
    out.add_argument("--pool", type=Path, metavar="FILE", help="pool.toml that training files describe")
    out.set_defaults(run=_export)
    into = commands.add_parser("import", help=f"read {', '.join(IMPORTS)} from files")
    kinds = "; ".join(f"{kind}: {says}" for kind, says in IMPORTS.items())
    into.add_argument("kind", choices=list(IMPORTS), metavar="KIND", help=kinds)
    into.add_argument("file", type=Path, metavar="FILE")
    flags.add_database(into)
    into.set_defaults(run=_import)


def _add_training(group: Any) -> None:
    group.add_argument("--cost", choices=["shown", "withheld"], help="dollars in the chat text (shown)")
    group.add_argument("--latency", choices=["shown", "withheld"], help="seconds in the chat text (shown)")
    group.add_argument("--margin", help="margin of a pair: none, rank or reward")
    group.add_argument("--ties", action="store_true", default=None, help="ties as pairs in both directions")
    group.add_argument("--chosen", help="which trajectories to imitate: best, acceptable or all")
    group.add_argument("--preference", metavar="JSON", help="P instead of the one that the trajectories ran under")
    group.add_argument("--split", metavar="NAME", help="what verl's extra_info.split says (train)")
    group.add_argument("--profile", metavar="NAME", help="prompt profile where what was sent is not kept")
    group.add_argument(
        "--tokenizer", type=Path, metavar="PATH", help="tokenizer.json or its folder: report the length of rows"
    )
    group.add_argument(
        "--max-length", type=int, metavar="N", default=1024, help="tokens at which TRL drops a row (1024)"
    )


class _Help(argparse.Action):
    """Tells the kinds too; they are looked up only when somebody asks."""

    def __init__(self, option_strings: Sequence[str], dest: str, help: str | None = None) -> None:
        super().__init__(option_strings, dest, nargs=0, help=help, default=argparse.SUPPRESS)

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        from webapp.exports.kinds import summaries  # noqa: PLC0415

        said = "\n".join(f"  {kind:14} {says}" for kind, says in summaries().items())
        parser.epilog = f"kinds:\n{said}"
        parser.print_help()
        parser.exit()


def _kind(text: str) -> str:
    from webapp.exports.kinds import summaries  # noqa: PLC0415

    if text not in summaries():
        raise argparse.ArgumentTypeError(f"invalid choice: {text!r} (choose from {', '.join(summaries())})")
    return text


def _export(chosen: argparse.Namespace) -> int:
    from storage.store import Store  # noqa: PLC0415
    from webapp.exports.asked import options  # noqa: PLC0415
    from webapp.exports.kinds import Wishes, check, open_export, redacts  # noqa: PLC0415
    from webapp.exports.pseudonyms import pseudonyms  # noqa: PLC0415
    from webapp.redaction import Redaction  # noqa: PLC0415

    settings = flags.settings(chosen)
    wishes = Wishes(
        chosen.format,
        chosen.texts,
        None if chosen.names else pseudonyms(settings.data_dir),
        options(chosen.kind, {name: getattr(chosen, name) for name in OPTIONS}),
        _pool(chosen.kind, settings.pool),
        chosen.licence,
        Redaction.read(settings.redact) if redacts(chosen.kind, chosen.redact) else None,
    )
    check(chosen.kind, wishes)
    measuring = _measuring(chosen)
    with Store.open(settings.database, create=False) as store:
        made = open_export(store, chosen.kind, wishes, None if measuring is None else measuring.see)
        with _sink(chosen.out, made.media_type) as write:
            for chunk in made.chunks:
                write.write(chunk)
    for line in (*made.told(), *(() if measuring is None else measuring.report().lines())):
        print(line, file=sys.stderr)
    return 0


def _measuring(chosen: argparse.Namespace) -> Any:
    """What measures the rows of a training file; it loads what reads tokens."""
    from webapp.exports.kinds import CARD, RAW  # noqa: PLC0415

    if chosen.kind in (*RAW, CARD) and chosen.tokenizer is None:
        return None
    from webapp.exports.lengths import lengths  # noqa: PLC0415

    return lengths(chosen.kind, chosen.tokenizer, chosen.max_length)


def _pool(kind: str, path: Path | None) -> Any:
    """The pool that a training file describes."""
    from webapp.exports.asked import wants_pool  # noqa: PLC0415

    if not wants_pool(kind):
        return None
    from orchestrator.pool_file import read_pool  # noqa: PLC0415
    from orchestrator.rehearsal.world import rehearsal_pool  # noqa: PLC0415

    return rehearsal_pool() if path is None else read_pool(path)


class _Terminal:
    """Standard output as something that takes bytes."""

    @staticmethod
    def write(chunk: bytes) -> None:
        sys.stdout.write(chunk.decode())


@contextmanager
def _sink(out: Path | None, media_type: str) -> Iterator[IO[bytes] | _Terminal]:
    """Where the file goes. It has its name only once it is whole; what was begun is removed."""
    if out is None:
        if "parquet" in media_type:
            raise ValueError("a Parquet file is not for a terminal: name it with --out FILE")
        yield _Terminal()
        return
    if out.is_dir():
        raise IsADirectoryError(f"{out} is a folder: name a file in it")
    if not out.parent.is_dir():
        raise FileNotFoundError(f"there is no folder {out.parent}: create it first")
    if out.exists() and not out.is_file():  # a device or a pipe, which a rename would put a file in the place of
        with out.open("wb") as file:
            yield file
        return
    out = out.resolve()  # so that a link goes on pointing where it did
    partial = out.with_name(out.name + ".partial")
    try:
        with partial.open("wb") as file:
            yield file
        partial.replace(out)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise


def _import(chosen: argparse.Namespace) -> int:
    from storage.ranked import NotAdded  # noqa: PLC0415
    from storage.store import Store  # noqa: PLC0415
    from webapp.jsonl import BadLine  # noqa: PLC0415

    settings = flags.settings(chosen)
    records = _records(chosen.kind, chosen.file)
    # Reading all of a file first finds a bad line before the database is locked for the import.
    count = sum(1 for _ in records)
    settings.data_dir.mkdir(parents=True, exist_ok=True)

    async def keep() -> int:
        with Store.open(settings.database) as store:
            if chosen.kind == "queries":
                return await store.add_queries(list(records))
            if chosen.kind == "rankings":
                return await store.add_rankings(records)
            return await store.add_all(records)

    try:
        new = asyncio.run(keep())
    except NotAdded as error:
        raise BadLine(chosen.file, error.place, error) from error
    print(f"{new} {chosen.kind} imported, {count - new} were here already", file=sys.stderr)
    return 0


def _records(kind: str, path: Path) -> Iterable[Any]:
    """The records of a file, read twice with one in memory at a time; a pipe can be read only once."""
    from webapp.jsonl import QueryFile, RankingFile, TraceFile, TrajectoryFile  # noqa: PLC0415

    readers: dict[str, Callable[[Path], Iterable[Any]]] = {
        "queries": QueryFile,
        "trajectories": TrajectoryFile,
        "traces": TraceFile,
        "rankings": RankingFile,
    }
    found = readers[kind](path)
    return found if path.is_file() or path.is_dir() else list(found)
