"""`podium train-policy`: the small orchestrator trained on, towards what people's rankings say."""

import argparse
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from orchestrator.preference import PRESETS, PreferenceVector
from webapp.cli import flags

if TYPE_CHECKING:
    from prefs.neural.scorer import Scorer
    from prefs.spread import Spread
    from storage.store import Store

LEARNED: Final = "learned"
MODEL: Final = "model:"
STEPS: Final = 100
RATE: Final = 3e-4


@dataclass(frozen=True, slots=True)
class _Weights:
    """P, and what its weights stand for."""

    weights: PreferenceVector
    spread: "Spread"


def add_to(commands: Any) -> None:
    """The command and its flags."""
    command = commands.add_parser("train-policy", help="train the small orchestrator on what people ranked higher")
    command.add_argument(
        "--reward",
        required=True,
        metavar="learned|model:ID|JSON",
        help="learned: P as the rankings reveal it; model:ID: a registered reward model (`podium reward-models`); "
        'or a vector such as {"accuracy": 1, "cost": 0.5}',
    )
    command.add_argument("--out", type=Path, required=True, metavar="FOLDER", help="the checkpoint and its curves")
    command.add_argument(
        "--asked",
        default="Balanced",
        metavar="NAME",
        help=f"the preference that gets this meaning: {', '.join(PRESETS)}",
    )
    command.add_argument("--start", type=Path, metavar="FOLDER", help="checkpoint to go on with (the bundled one)")
    command.add_argument("--steps", type=int, default=STEPS, metavar="N", help=f"of reinforcement ({STEPS})")
    command.add_argument("--rate", type=float, default=RATE, help=f"of learning ({RATE})")
    command.add_argument("--usd", type=float, metavar="D", help="dollars a whole weight of cost stands for")
    command.add_argument("--seconds", type=float, metavar="S", help="seconds a whole weight of latency stands for")
    command.add_argument("--seed", type=int, default=0)
    command.add_argument("--device", help="cuda where there is one, else cpu")
    flags.add_database(command)
    command.set_defaults(run=run)


def run(chosen: argparse.Namespace) -> int:
    """Exit code 0, or 130 where it was stopped; the same command then goes on."""
    if chosen.steps < 1:
        raise ValueError(f"--steps must be 1 or more, not {chosen.steps}")
    asked = _asked(chosen.asked)
    found = _reward(chosen)
    try:
        from orchestrator.training.course import course_of_taste, of_taste  # noqa: PLC0415
        from orchestrator.training.situation import Weighed  # noqa: PLC0415
        from orchestrator.training.taste import Taste  # noqa: PLC0415
    except ImportError as error:
        raise ValueError(f"training needs the extra `train`: pip install 'podium[train]' ({error})") from error
    from orchestrator.embedded.checkpoint import BUNDLED, Checkpoint  # noqa: PLC0415
    from webapp.cli.train_policy_scores import EpisodeScores  # noqa: PLC0415

    start = Checkpoint(chosen.start or BUNDLED).path
    if isinstance(found, _Weights):
        taste = Taste(asked, Weighed(found.weights, found.spread.usd, found.spread.latency_s))
    else:
        taste = Taste(asked, EpisodeScores(*found))
    training = of_taste(
        chosen.out, course_of_taste(chosen.steps, chosen.rate), start, taste, chosen.seed, chosen.device
    )
    before = training.appraise()
    try:
        training.run(_Line(), keep_every=25)
    except KeyboardInterrupt:
        print(f"\nStopped. The same command goes on from the last kept step in {chosen.out}.", file=sys.stderr)
        return 130
    _told(before, training.appraise(), training.ceiling, chosen.out / "checkpoint")
    return 0


def _asked(name: str) -> PreferenceVector:
    if name not in PRESETS:
        raise ValueError(f"there is no preset named {name!r}; choose one of: {', '.join(PRESETS)}")
    return PRESETS[name]


def _reward(chosen: argparse.Namespace) -> "_Weights | tuple[str, Scorer]":
    """P and what its weights stand for, or a model's id and scorer. Told on stderr; raises ValueError."""
    from prefs.spread import Spread  # noqa: PLC0415

    if chosen.reward != LEARNED and not chosen.reward.startswith(MODEL):
        if chosen.usd is None or chosen.seconds is None:
            raise ValueError("with weights of your own, say what a whole one stands for: --usd D and --seconds S")
        return _Weights(_stated(chosen.reward), Spread(chosen.usd, chosen.seconds, 0))
    from storage.store import Store  # noqa: PLC0415
    from webapp.learned import learned  # noqa: PLC0415

    with Store.open(flags.settings(chosen).database, create=False) as store:
        if chosen.reward.startswith(MODEL):
            return _model(store, chosen.reward.removeprefix(MODEL))
        found = learned(store)
    print(f"P as {found.fit.rankings:,} rankings of {found.fit.annotators} people reveal it:", file=sys.stderr)
    for name, weight in found.fit.weights.items():
        print(f"  {name:<14} {weight.mean:.2f}  [{weight.low:.2f} to {weight.high:.2f}]", file=sys.stderr)
    usd, seconds = chosen.usd or found.spread.usd, chosen.seconds or found.spread.latency_s
    print(f"A whole weight stands for ${usd:.4f} and {seconds:.2f} s, as on a typical ballot.", file=sys.stderr)
    preference = found.fit.preference
    assert preference is not None  # noqa: S101 - `learned` refuses it
    return _Weights(preference, Spread(usd, seconds, found.spread.ballots))


def _model(store: "Store", id: str) -> "tuple[str, Scorer]":
    from webapp.scoring import CannotScore, scorer_of  # noqa: PLC0415

    try:
        return id, scorer_of(store, id)
    except CannotScore as error:
        raise ValueError(str(error)) from error


def _stated(text: str) -> PreferenceVector:
    from storage.records import load_preference  # noqa: PLC0415

    try:
        return load_preference(text)
    except ValueError as error:
        raise ValueError(f"--reward: {error}") from error


def _told(before: Mapping[str, float], after: Mapping[str, float], ceiling: float, checkpoint: Path) -> None:
    print("\nIn held-out situations of the rehearsal world (simulated):", file=sys.stderr)
    if "score" not in after:
        print(
            f"  reward  {before['utility']:.3f} -> {after['utility']:.3f}; the oracle: {ceiling:.3f}", file=sys.stderr
        )
    if "score" in after:
        print(f"  score   {before['score']:.3f} -> {after['score']:.3f}, by the reward model", file=sys.stderr)
    print(f"  solved  {before['solved']:.1%} -> {after['solved']:.1%}", file=sys.stderr)
    print(f"  dollars {before['usd']:.4f} -> {after['usd']:.4f}", file=sys.stderr)
    print(f"  seconds {before['latency_s']:.2f} -> {after['latency_s']:.2f}", file=sys.stderr)
    print(f"podium serve --policy embedded:{checkpoint}")
    print(f"podium evaluate --policy embedded --policy embedded:{checkpoint}")


class _Line:
    """One line that is written over."""

    def __init__(self) -> None:
        self._began = time.monotonic()

    def __call__(self, phase: str, step: int, steps: int, measures: Mapping[str, float]) -> None:
        left = (time.monotonic() - self._began) / step * (steps - step)
        told = f"{phase} {step}/{steps}, reward {measures.get('reward', 0.0):.3f}, about {left:.0f} s left"
        print(f"\r{told}\x1b[K", end="", file=sys.stderr, flush=True)
