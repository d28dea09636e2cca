"""`podium train-reward` makes a neural reward model from the rankings; `podium reward-models` lists and adds them."""

import argparse
import asyncio
import json
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TextIO

from webapp.cli import flags

if TYPE_CHECKING:
    from prefs.neural.reward_model import Course, Reading, RewardModel

SMALL_RATE, BASE_RATE = 2e-3, 1e-5
SMALL_EPOCHS, BASE_EPOCHS = 4.0, 1.0
LINE_S: Final = 5.0
NEEDS: Final = "training a reward model needs the extra `train`: pip install 'podium[train]'"


def add_to(commands: Any) -> None:
    """Both commands."""
    train = commands.add_parser("train-reward", help="train a neural reward model on the rankings, with TRL")
    train.add_argument(
        "--base",
        required=True,
        metavar="PATH|small",
        help="folder of a model such as Qwen3-0.6B, or `small`: a tiny one made on the spot, to try it out",
    )
    train.add_argument("--out", type=Path, required=True, metavar="DIR", help="the model, its card and its calibration")
    for name in ("cost", "latency"):
        train.add_argument(
            f"--{name}", choices=("shown", "withheld"), default="shown", help=f"whether it reads the {name}"
        )
    train.add_argument("--epochs", type=float, metavar="N", help=f"{BASE_EPOCHS:g}; {SMALL_EPOCHS:g} for small")
    train.add_argument("--rate", type=float, help=f"of learning: {BASE_RATE:g}; {SMALL_RATE:g} for small")
    train.add_argument("--batch", type=int, default=8, metavar="PAIRS", help="of each step (8)")
    train.add_argument("--seed", type=int, default=0, help="of the split, the order and the new weights (0)")
    train.add_argument(
        "--max-length", type=int, default=4096, metavar="TOKENS", help="the middle of longer trajectories is cut (4096)"
    )
    train.add_argument(
        "--held-out", type=float, default=0.2, metavar="SHARE", help="of the queries, to measure with (0.2)"
    )
    train.add_argument(
        "--optimiser", choices=("adamw", "adafactor"), default="adamw", help="adafactor needs less memory (adamw)"
    )
    train.add_argument("--threads", type=int, metavar="N", help="of a CPU; as PyTorch chooses")
    train.add_argument("--json", action="store_true", help="the registered record on stdout")
    flags.add_database(train)
    train.set_defaults(run=_train)
    known = commands.add_parser("reward-models", help="list the registered reward models, newest first")
    known.add_argument("--add", type=Path, metavar="DIR", help="register what `train-reward` left in a folder")
    known.add_argument("--json", action="store_true", help="one record per line on stdout")
    flags.add_database(known)
    known.set_defaults(run=_models)


def _train(chosen: argparse.Namespace) -> int:
    from storage.errors import READ_ONLY, StoreReadOnly  # noqa: PLC0415 - `podium --help` needs no database
    from storage.reward_models import RewardModels, reward_model_json  # noqa: PLC0415
    from storage.store import Store  # noqa: PLC0415
    from webapp.reward_training import data_of, train  # noqa: PLC0415

    course, reading = _course(chosen), _reading(chosen)
    _prepare(chosen.threads)
    with Store.open(flags.settings(chosen).database, create=False) as store:
        if store.read_only:  # known now rather than after hours of training
            raise StoreReadOnly(READ_ONLY)
        data = data_of(store, course)
        print(
            f"{len(data.training):,} pairs to train, {len(data.held_out):,} of other queries held out; "
            f"{len(data.trajectories):,} trajectories",
            file=sys.stderr,
        )
        ticker = Ticker(sys.stderr)
        try:
            model = train(data, course, reading, chosen.out, ticker)
        except KeyboardInterrupt:
            ticker.end()
            print(
                "podium: stopped, nothing is registered; the same command goes on after the last finished epoch",
                file=sys.stderr,
            )
            return 130
        ticker.end()
        asyncio.run(RewardModels(store).register(model))
    if chosen.json:
        print(json.dumps(reward_model_json(model), ensure_ascii=False))
    _tell(model, chosen.out)
    return 0


def _models(chosen: argparse.Namespace) -> int:
    from storage.reward_models import RewardModels, reward_model_json  # noqa: PLC0415 - as above
    from storage.store import Store  # noqa: PLC0415
    from webapp.reward_card import percent  # noqa: PLC0415
    from webapp.reward_training import finished  # noqa: PLC0415

    with Store.open(flags.settings(chosen).database, create=chosen.add is not None) as store:
        kept = RewardModels(store)
        if chosen.add is not None:
            model = finished(chosen.add)
            asyncio.run(kept.register(model))
            print(f"{model.id} is registered", file=sys.stderr)
        known = kept.newest()
        if not known:
            print("no reward model is registered here; `podium train-reward` makes one", file=sys.stderr)
        for model in known:
            if chosen.json:
                print(json.dumps(reward_model_json(model), ensure_ascii=False))
                continue
            print(f"{model.id}  {percent(model.figures.accuracy)} of {model.figures.held_out_pairs:,} held-out pairs")
            print(f"    base {model.course.base}, data {model.data_sha256[:12]}…, code {model.code_version}")
            print(f"    {model.path}")
    return 0


def _course(chosen: argparse.Namespace) -> "Course":
    from prefs.neural.reward_model import SMALL, Course  # noqa: PLC0415

    small = chosen.base == SMALL
    return Course(
        SMALL if small else str(Path(chosen.base).expanduser().resolve()),
        chosen.epochs if chosen.epochs is not None else SMALL_EPOCHS if small else BASE_EPOCHS,
        chosen.rate if chosen.rate is not None else SMALL_RATE if small else BASE_RATE,
        chosen.batch,
        chosen.seed,
        chosen.held_out,
        chosen.optimiser,
    )


def _reading(chosen: argparse.Namespace) -> "Reading":
    from prefs.neural.reward_model import Reading  # noqa: PLC0415

    return Reading(chosen.cost == "shown", chosen.latency == "shown", chosen.max_length)


def _prepare(threads: int | None) -> None:
    """Raises ValueError without the extra."""
    try:
        import torch  # noqa: PLC0415 - not everybody has the extra
        import trl  # noqa: F401, PLC0415
    except ImportError as error:
        raise ValueError(f"{NEEDS} ({error})") from error
    if threads:
        torch.set_num_threads(threads)


def _tell(model: "RewardModel", out: Path) -> None:
    from webapp.reward_card import notes, scores  # noqa: PLC0415

    print(f"Reward model {model.id} is registered; its files are in {out}", file=sys.stderr)
    for name, said in scores(model):
        print(f"  {name:<34} {said}", file=sys.stderr)
    for note in notes(model):
        print(f"  {note}", file=sys.stderr)


class Ticker:
    """A bar that is rewritten at a terminal; elsewhere a line now and then."""

    def __init__(self, out: TextIO) -> None:
        self._out, self._rewrites = out, out.isatty()
        self._next = 0.0
        self._first: tuple[int, float] | None = None
        """The first step told of, and when: a training that goes on does not begin at step 1."""

    def __call__(self, step: int, steps: int, measured: Mapping[str, float]) -> None:
        """Say how far it is, unless that was just said."""
        now = time.monotonic()
        self._first = self._first or (step, now)
        if now < self._next and step < steps:
            return
        self._next = now + (0.2 if self._rewrites else LINE_S)
        done = 20 * step // max(1, steps)
        told = "  ".join(f"{name} {value:.3f}" for name, value in measured.items())
        begun, began = self._first
        left = f"about {(now - began) / (step - begun) * (steps - step):.0f} s left" if step > begun else ""
        line = f"{'█' * done}{'·' * (20 - done)} {step:>6,}/{steps:,}  {told}  {left}".rstrip()
        start, end = ("\r\x1b[K", "") if self._rewrites else ("", "\n")
        print(f"{start}{line}", end=end, file=self._out, flush=True)

    def end(self) -> None:
        """Leave the line."""
        if self._first is not None and self._rewrites:
            print(file=self._out)
