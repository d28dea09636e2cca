"""`podium tune`: what a preference vector would choose among the stored alternatives. Progress goes to stderr."""

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orchestrator.preference import PRESETS, PreferenceVector, preset
from webapp.cli import flags, preference

if TYPE_CHECKING:
    from orchestrator.model_call import ModelCall
    from prefs.judgement import Judgement
    from prefs.tuning.packed import Rule
    from prefs.tuning.stored import Stored
    from storage.store import Store

TOLD_FROM = 1_000
"""Trajectories from which reading takes long enough to say how far it has come."""


def add_to(commands: Any) -> None:
    """The command and its flags."""
    command = commands.add_parser("tune", help="what a preference would choose among what is stored, and its cost")
    preference.add_to(command)
    command.add_argument(
        "--against",
        metavar="NAME|JSON|FILE",
        help=f"compare with {', '.join(PRESETS)}, a saved profile, a vector, or the file of a profile",
    )
    command.add_argument("--thresholds", action="store_true", help="at which weight the choice of a query changes")
    command.add_argument("--front", action="store_true", help="the settings that nothing beats")
    command.add_argument("--forecast", type=_queries, metavar="N", help="dollars of N queries a day")
    command.add_argument("--prices", type=Path, metavar="FILE", help="price all calls anew by this price book")
    command.add_argument(
        "--ungraded",
        choices=("if-correct", "left-out"),
        default="if-correct",
        help="alternatives that nobody graded compete as if correct, or not at all (if-correct)",
    )
    command.add_argument(
        "--no-gate",
        action="store_true",
        help="weigh accuracy against dollars and seconds, instead of R(τ), which gives a wrong answer nothing",
    )
    command.add_argument("--json", action="store_true", help="everything as JSON")
    flags.add_database(command)
    command.set_defaults(run=run)


def run(chosen: argparse.Namespace) -> int:
    """Exit code 0; 2 where nothing is stored that could be chosen among."""
    from storage.store import Store  # noqa: PLC0415 - parsing flags needs none of this
    from webapp.cli.tune_record import Wanted, tune_record  # noqa: PLC0415
    from webapp.cli.tune_words import printed  # noqa: PLC0415

    wanted = Wanted(
        preference.preference(chosen, flags.settings(chosen)),
        _rule(chosen),
        None if chosen.against is None else _against(chosen),
        chosen.thresholds,
        chosen.front,
        chosen.forecast,
    )
    quote_of = None if chosen.prices is None else _quotes(chosen.prices)
    judgements: list[Judgement] = []
    with Store.open(flags.settings(chosen).database, create=False) as store:
        shown, calls = _read(store, with_calls=quote_of is not None)
        if quote_of is not None:
            judgements = list(store.iter_judgements())
    record = tune_record(shown, wanted, calls, quote_of, judgements)
    print(json.dumps(record, ensure_ascii=False) if chosen.json else printed(record))
    return 0


def _read(store: "Store", *, with_calls: bool) -> "tuple[list[Stored], dict[str, tuple[ModelCall, ...]]]":
    from storage.outcomes import count_of_store, of_store  # noqa: PLC0415

    total = count_of_store(store)
    if not total:
        raise ValueError(
            "this database holds no finished trajectory yet; `podium ask QUERY --alternatives 4` or the page of "
            "`podium serve` makes some, `podium import trajectories FILE` brings them"
        )
    told = _Told(total) if total >= TOLD_FROM else None
    shown, calls = [], {}
    for one, its_calls in of_store(store, calls=with_calls, told=told):
        shown.append(one)
        if with_calls:
            calls[one.id] = its_calls
    return shown, calls


class _Told:
    """How far reading has come: a line that is rewritten at a terminal, every tenth of the way elsewhere."""

    def __init__(self, total: int) -> None:
        self._total = total
        self._next = 0

    def __call__(self, done: int) -> None:
        if sys.stderr.isatty():
            end = "\n" if done >= self._total else ""
            print(f"\rReading {done:,} of {self._total:,} trajectories", end=end, file=sys.stderr, flush=True)
        elif done >= self._next:
            self._next = done + self._total // 10
            print(f"Reading {done:,} of {self._total:,} trajectories", file=sys.stderr, flush=True)


def _queries(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not int(text):
        raise argparse.ArgumentTypeError(f"must be a whole number of queries from 1, not {text!r}")
    return int(text)


def _rule(chosen: argparse.Namespace) -> "Rule":
    from prefs.tuning.packed import Rule, Ungraded  # noqa: PLC0415

    return Rule(not chosen.no_gate, Ungraded(chosen.ungraded.replace("-", " ")))


def _against(chosen: argparse.Namespace) -> tuple[str, PreferenceVector]:
    """The reference by its name: a preset's, a profile's, or the vector itself."""
    text = chosen.against
    if text not in PRESETS and not text.lstrip().startswith("{") and not Path(text).is_file():
        return text, preference.named(flags.settings(chosen), text, "--against")
    from prefs.tuning.profile import load_profile  # noqa: PLC0415
    from storage.records import load_preference  # noqa: PLC0415

    try:
        if text.lstrip().startswith("{"):
            return text, load_preference(text)
        if text not in PRESETS and Path(text).is_file():
            profile = load_profile(Path(text).read_text("utf-8"))
            return f"{profile.name}, version {profile.version}", profile.preference
        if text == "Keep it local":
            raise ValueError("which aliases are local is the pool's to say; give the vector in JSON with its aliases")
        return text, preset(text)
    except ValueError as error:
        raise ValueError(f"--against: {error}") from error


def _quotes(path: Path) -> Any:
    from orchestrator.prices import PriceBook  # noqa: PLC0415
    from prefs.tuning.repricing import of_book  # noqa: PLC0415

    return of_book(PriceBook.read(path))
