"""`podium import KIND FILE` and `podium export KIND [--out FILE]`."""

import argparse
import asyncio
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from orchestrator.trajectory import Trajectory
from webapp.cli import flags

EXPORTS = {"rankings": "what people said, one JSON record per line", "trajectories": "every run, one record per line"}
IMPORTS = {
    "queries": 'JSONL: {"query": "…", "reference": "…"}; they are offered on the page',
    "trajectories": "JSONL as `podium export trajectories` writes it, with texts or without",
}


def add_to(commands: Any) -> None:
    """Both commands."""
    out = commands.add_parser("export", help=f"write {' or '.join(EXPORTS)} as JSONL")
    kinds = "; ".join(f"{kind}: {says}" for kind, says in EXPORTS.items())
    out.add_argument("kind", choices=list(EXPORTS), metavar="KIND", help=kinds)
    out.add_argument("--out", type=Path, metavar="FILE", help="file to write; otherwise stdout")
    out.add_argument(
        "--texts", action="store_true", help="trajectories with their prompts and raw replies in place of addresses"
    )
    flags.add_database(out)
    out.set_defaults(run=_export)
    into = commands.add_parser("import", help=f"read {' or '.join(IMPORTS)} from JSONL")
    kinds = "; ".join(f"{kind}: {says}" for kind, says in IMPORTS.items())
    into.add_argument("kind", choices=list(IMPORTS), metavar="KIND", help=kinds)
    into.add_argument("file", type=Path, metavar="FILE")
    flags.add_database(into)
    into.set_defaults(run=_import)


def _export(chosen: argparse.Namespace) -> int:
    from storage.store import Store  # noqa: PLC0415
    from webapp.export import exported  # noqa: PLC0415

    if chosen.texts and chosen.kind != "trajectories":
        raise ValueError(f"--texts belongs to `podium export trajectories`; {chosen.kind} have no texts beside them")
    with Store.open(flags.settings(chosen).database) as store:
        lines = exported(store, chosen.kind, texts=chosen.texts)
        if chosen.out is None:
            count = sum(_put(sys.stdout, line) for line in lines)
        else:
            partial = chosen.out.with_name(chosen.out.name + ".partial")
            with partial.open("w", encoding="utf-8") as file:
                count = sum(_put(file, line) for line in lines)
            partial.replace(chosen.out)
    print(f"{count} {chosen.kind} exported", file=sys.stderr)
    return 0


def _put(file: Any, line: str) -> int:
    file.write(line)
    return 1


def _import(chosen: argparse.Namespace) -> int:
    from storage.store import Store  # noqa: PLC0415
    from webapp.jsonl import read_queries  # noqa: PLC0415

    settings = flags.settings(chosen)
    queries = list(read_queries(chosen.file)) if chosen.kind == "queries" else []
    trajectories = _trajectories(chosen.file) if chosen.kind == "trajectories" else []
    # Reading all of a file first finds a bad line before the database is locked for the import.
    count = len(queries) + sum(1 for _ in trajectories)
    settings.data_dir.mkdir(parents=True, exist_ok=True)

    async def keep() -> int:
        with Store.open(settings.database) as store:
            return await (store.add_queries(queries) if chosen.kind == "queries" else store.add_all(trajectories))

    new = asyncio.run(keep())
    print(f"{new} {chosen.kind} imported, {count - new} were here already", file=sys.stderr)
    return 0


def _trajectories(path: Path) -> Iterable[Trajectory]:
    """The records of a file, read twice with one in memory at a time; a pipe can be read only once."""
    from webapp.jsonl import TrajectoryFile, read_trajectories  # noqa: PLC0415

    return TrajectoryFile(path) if path.is_file() else list(read_trajectories(path))
