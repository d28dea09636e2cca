"""The figures of the bundled small orchestrator, in one run, with intervals.

    python -m bench.bundled --supervised warm-up=embedded:FOLDER

`bench/bundled/README.md` says what is measured and how to read it.
"""

import argparse
import asyncio
import json
import re
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from bench.bundled.episodes import Asked
from bench.bundled.instructions import held_out
from bench.bundled.proof import Proof, Proving, Wanted
from bench.bundled.report import report
from bench.bundled.results import results
from bench.bundled.setting import opened

_NAMED: Final = re.compile(r"([\w. -]+)=")
OUT: Final = Path(__file__).parents[1] / "results" / "bundled"


def main(arguments: list[str] | None = None) -> int:
    """Exit code 0, also where a target is missed: figures are figures. 2 where a policy cannot be made."""
    chosen = _flags().parse_args(arguments)
    wanted = Wanted(
        tuple(dict.fromkeys(_name(one) for one in chosen.policies or ["embedded"])),
        tuple(dict.fromkeys(_name(one) for one in chosen.supervised)),
        Asked(chosen.limit, chosen.alternatives, chosen.seed, chosen.concurrency),
        chosen.wording_tasks,
    )
    named = {_name(one): one.partition("=")[2] for one in (*chosen.policies, *chosen.supervised) if _name(one) != one}
    began = time.monotonic()
    try:
        measured = results(asyncio.run(_proof(wanted, named)), time.monotonic() - began)
    except ValueError as error:
        print(f"bench.bundled: {error}", file=sys.stderr)
        return 2
    chosen.out.mkdir(parents=True, exist_ok=True)
    (chosen.out / "results.json").write_text(json.dumps(measured, indent=1, ensure_ascii=False) + "\n", "utf-8")
    (chosen.out / "results.md").write_text(report(measured), "utf-8")
    print(f"The figures are in {chosen.out}", file=sys.stderr)
    return 0


async def _proof(wanted: Wanted, named: Mapping[str, str]) -> Proof:
    async with opened(named) as setting:
        return await Proving(setting, wanted, tuple(held_out())).proof()


def _name(asked: str) -> str:
    """`warm-up` of `warm-up=embedded:FOLDER`; a SPEC without a name is its own."""
    found = _NAMED.match(asked)
    return found[1] if found else asked


def _flags() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench.bundled", description=__doc__)
    parser.add_argument(
        "--policy",
        action="append",
        dest="policies",
        default=[],
        metavar="[NAME=]SPEC",
        help="the first is the one whose figures are proved, others stand beside it; may be repeated (embedded)",
    )
    parser.add_argument(
        "--supervised",
        action="append",
        default=[],
        metavar="[NAME=]SPEC",
        help="a checkpoint that saw no reward, which the first policy must beat; may be repeated",
    )
    parser.add_argument("--limit", type=int, metavar="N", help="most test tasks; without it, all")
    parser.add_argument("--alternatives", type=int, default=1, metavar="K", help="episodes of each task (1)")
    parser.add_argument("--wording-tasks", type=int, default=24, metavar="N", help="tasks for each instruction (24)")
    parser.add_argument("--seed", type=int, default=0, metavar="S")
    parser.add_argument("--concurrency", type=int, default=1, metavar="N", help="episodes at the same time (1)")
    parser.add_argument("--out", type=Path, default=OUT, metavar="FOLDER")
    return parser


if __name__ == "__main__":
    sys.exit(main())
