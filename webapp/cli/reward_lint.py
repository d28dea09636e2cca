"""`podium reward --lint TARGET`: look for batches in which somebody's reward breaks a law."""

import argparse
import json
import sys
import time
from contextlib import redirect_stdout
from dataclasses import dataclass

from webapp.cli.flags import seconds

EXIT_BROKEN = 1


def add_to(command: argparse.ArgumentParser) -> None:
    """The linter's flags."""
    group = command.add_argument_group("the reward linter")
    group.add_argument(
        "--lint",
        metavar="TARGET",
        help="module:function, path/to/file.py:function, or an endpoint such as http://127.0.0.1:8000/api/v1/reward; "
        "exit code 1 if a law is broken",
    )
    group.add_argument(
        "--as",
        dest="signature",
        choices=("records", "trl", "verl"),
        default="records",
        help="how the function is called: with records and P (default), as TRL's GRPOTrainer does, or as verl does",
    )
    group.add_argument("--cases", type=int, default=100, metavar="N", help="batches to try (100)")
    group.add_argument("--seed", type=int, default=0, metavar="S", help="of the random batches (0)")
    group.add_argument(
        "--call-timeout", type=seconds, default=30.0, metavar="SECONDS", help="a slower call ends the search (30)"
    )
    group.add_argument("--json", action="store_true", help="print what was found as one JSON object")


def run(chosen: argparse.Namespace) -> int:
    """The report on stdout, progress on stderr; 0 where no law is broken, else 1."""
    from prefs.linting.linter import lint  # noqa: PLC0415 - `podium --help` answers without loading it
    from prefs.linting.report import report_json, report_lines  # noqa: PLC0415
    from webapp.cli.reward_target import opened  # noqa: PLC0415

    if not chosen.call_timeout:
        raise ValueError("--call-timeout must be more than 0 seconds")
    with (
        redirect_stdout(sys.stderr),  # what the reward prints is no part of the report
        opened(chosen.lint, chosen.signature, chosen.call_timeout) as reward,
    ):
        report = lint(reward, chosen.cases, chosen.seed, _Progress(chosen.cases))
    if chosen.json:
        print(json.dumps(report_json(report), ensure_ascii=False))
    else:
        print("\n".join(report_lines(report)))
    return 0 if report.clean else EXIT_BROKEN


@dataclass(slots=True)
class _Progress:
    """A line on stderr each second, once the linting has lasted one."""

    cases: int
    told_at_s: float | None = None

    def __call__(self, done: int, broken: int) -> None:
        now = time.monotonic()
        if self.told_at_s is None:
            self.told_at_s = now
        elif now - self.told_at_s >= 1:
            self.told_at_s = now
            print(f"{done} of {self.cases} cases, {broken} laws broken so far", file=sys.stderr, flush=True)
