"""`podium import KIND FILE` and `podium export KIND [--out FILE]`."""

import argparse
import asyncio
import sys
from pathlib import Path
from typing import Any

from webapp.cli import flags

EXPORTS = {"rankings": "what people said, one JSON record per line", "trajectories": "every run, one record per line"}
IMPORTS = {
    "queries": 'JSONL: {"query": "…", "reference": "…"}; they are offered on the page',
    "trajectories": "JSONL as `podium export trajectories` writes it",
}


def add_to(commands: Any) -> None:
    """Both commands."""
    out = commands.add_parser("export", help=f"write {' or '.join(EXPORTS)} as JSONL")
    kinds = "; ".join(f"{kind}: {says}" for kind, says in EXPORTS.items())
    out.add_argument("kind", choices=list(EXPORTS), metavar="KIND", help=kinds)
    out.add_argument("--out", type=Path, metavar="FILE", help="file to write; otherwise stdout")
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

    async def write() -> int:
        with Store.open(flags.settings(chosen).database) as store:
            if chosen.out is None:
                return sum(_put(sys.stdout, line) for line in exported(store, chosen.kind))
            partial = chosen.out.with_name(chosen.out.name + ".partial")
            with partial.open("w", encoding="utf-8") as file:
                count = sum(_put(file, line) for line in exported(store, chosen.kind))
            partial.replace(chosen.out)
            return count

    count = asyncio.run(write())
    print(f"{count} {chosen.kind} exported", file=sys.stderr)
    return 0


def _put(file: Any, line: str) -> int:
    file.write(line)
    return 1


def _import(chosen: argparse.Namespace) -> int:
    from storage.store import Store  # noqa: PLC0415
    from webapp.jsonl import read_queries, read_trajectories  # noqa: PLC0415

    settings = flags.settings(chosen)
    found: list[Any] = list(read_queries(chosen.file) if chosen.kind == "queries" else read_trajectories(chosen.file))
    settings.data_dir.mkdir(parents=True, exist_ok=True)

    async def keep() -> int:
        with Store.open(settings.database) as store:
            if chosen.kind == "queries":
                return await store.add_queries(found)
            return await store.add_all(found)

    new = asyncio.run(keep())
    print(f"{new} {chosen.kind} imported, {len(found) - new} were here already", file=sys.stderr)
    return 0
