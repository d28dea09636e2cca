"""`python -m orchestrator.training`: one command from a seed to a checkpoint."""

import argparse
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from orchestrator.training.course import Training

STEPS = (500, 600, 800, 1600)
MINIATURE = (0, 50, 0, 60)
BASE_STEPS = (0, 200, 0, 400)
BASE_SITUATIONS = 8
BASE_RATE = 1e-5


def main() -> int:
    """Train, showing the progress on stderr; started again on the same folder, it goes on where it stopped."""
    arguments = _arguments()
    try:
        training = _training(arguments)
    except ImportError as error:
        print(f"Training needs the extra `train`: pip install 'podium[train]' ({error})", file=sys.stderr)
        return 2
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    from orchestrator.training.course import OtherTraining  # noqa: PLC0415 - it needs what `_training` looked for

    try:
        training.run(_Ticker(), keep_every=20 if arguments.miniature else 100)
    except OtherTraining as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print(f"\nStopped. The same command goes on from the last kept step in {arguments.out}.", file=sys.stderr)
        return 130
    print(f"\nThe checkpoint is in {arguments.out / 'checkpoint'}.", file=sys.stderr)
    return 0


def _training(arguments: argparse.Namespace) -> "Training":
    """Of the bundled orchestrator or of a base; raises ImportError without PyTorch, ValueError where it cannot be."""
    import torch  # noqa: PLC0415 - not everybody has the extra

    from orchestrator.training.course import bundled, course, course_of_base, device_named, of_base  # noqa: PLC0415

    if arguments.threads:
        torch.set_num_threads(arguments.threads)
    steps = MINIATURE if arguments.miniature else arguments.steps or (BASE_STEPS if arguments.base else STEPS)
    reading, imitation, wishes, reinforcement = steps
    if arguments.base is None:
        phases = course((reading, imitation, wishes, reinforcement))
        return bundled(arguments.out, phases, arguments.seed, arguments.device)
    if reading or wishes:
        raise ValueError("A base reads already: READ and WISH of --steps must be 0 with --base.")
    if arguments.situations < 1:
        raise ValueError(f"--situations must be 1 or more, not {arguments.situations}.")
    if device_named(arguments.device).type == "cpu":
        print("No GPU is used: each step of a base takes minutes to hours on a CPU.", file=sys.stderr)
    phases = course_of_base((imitation, reinforcement), arguments.situations, arguments.rate)
    return of_base(arguments.out, phases, arguments.base, arguments.seed, arguments.device)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m orchestrator.training", description=main.__doc__)
    parser.add_argument("--out", type=Path, required=True, metavar="FOLDER", help="checkpoints, curves and state")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--device", help="cuda where there is one, else cpu")
    parser.add_argument("--threads", type=int, help="of a CPU; as PyTorch chooses")
    parser.add_argument("--miniature", action="store_true", help="a minute's training, to see that it learns")
    parser.add_argument(
        "--steps",
        type=int,
        nargs=4,
        metavar=("READ", "IMITATE", "WISH", "REINFORCE"),
        help=f"{_words(STEPS)}; with --base {_words(BASE_STEPS)}",
    )
    _add_base(parser)
    return parser.parse_args()


def _add_base(parser: argparse.ArgumentParser) -> None:
    base = parser.add_argument_group(
        "a larger base",
        "Trained with its own tokenizer and chat template. What is kept to go on with holds weights and the "
        "optimiser's state: 6 bytes a weight (12 on a CPU), twice that while it is replaced; for 8 billion weights "
        "50 GB, then 100 GB. Two checkpoints of 2 bytes a weight (4 on a CPU) come to it.",
    )
    base.add_argument("--base", type=Path, metavar="PATH", help="folder of a model like Qwen3-8B, trained instead")
    base.add_argument(
        "--situations", type=int, default=BASE_SITUATIONS, metavar="N", help=f"of each step; {BASE_SITUATIONS}"
    )
    base.add_argument(
        "--rate",
        type=float,
        default=BASE_RATE,
        help=f"of learning while imitating, {BASE_RATE}; a fifth of it while reinforcing",
    )


def _words(steps: tuple[int, ...]) -> str:
    return " ".join(map(str, steps))


class _Ticker:
    """One line that is written over."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._phase = ""

    def __call__(self, phase: str, step: int, steps: int, measures: Mapping[str, float]) -> None:
        if phase != self._phase and self._phase:
            print(file=sys.stderr)
        self._phase = phase
        done = 20 * step // steps
        told = "  ".join(f"{name} {value:.3f}" for name, value in measures.items())
        bar = "█" * done + "·" * (20 - done)
        print(
            f"\r{phase:<13} {bar} {step:>5}/{steps}  {time.monotonic() - self._began:5.0f} s  {told}\x1b[K",
            end="",
            file=sys.stderr,
            flush=True,
        )


if __name__ == "__main__":
    sys.exit(main())
