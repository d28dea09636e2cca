"""What reinforcement adds over imitation, seed by seed: expected utility in held-out situations, computed exactly.

    python -m bench.bundled.gain IMITATION=REINFORCED …

Each argument is two checkpoint folders of one training. Decisions are greedy and masked to the aliases on offer, and
not held to the thought, so that the networks alone are compared. Everything is simulated.
"""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from tokenizers import Tokenizer

from orchestrator.embedded.checkpoint import checkpoint_at
from orchestrator.training.appraisal import ceiling, greedy, held_out, worth
from orchestrator.training.request import WORDS, Requests
from orchestrator.training.situation import ALIASES, Situation
from prefs.bootstrap import Resamples

SITUATIONS: Final = 216


def utilities(folder: Path, situations: Sequence[Situation]) -> list[float]:
    """Of a checkpoint, in each situation."""
    requests = Requests(Tokenizer.from_file(str(folder / "tokenizer.json")))
    decoder = checkpoint_at(folder).loaded().decoder
    found = []
    for one in situations:
        asked = requests.of(one)
        chances = []
        for seen in asked.seen:
            said = decoder.decide([*asked.shared, *seen[:-WORDS]], one.offered, 1.0, 0).chances
            chances.append([said.get(alias, 0.0) for alias in ALIASES])
        found.append(worth(one, greedy(chances)).utility)
    return found


def interval(values: Sequence[float]) -> str:
    """The mean, and its 95 % bootstrap interval over the situations."""
    found = Resamples(len(values)).mean(values)
    return "unknown" if found is None else f"{found.mean:.3f} [{found.low:.3f} to {found.high:.3f}]"


def main(pairs: Sequence[str]) -> None:
    """A line for each training."""
    situations = held_out("test", SITUATIONS, seed=0)
    print(f"ceiling: {interval([ceiling(one).utility for one in situations])}")
    for number, pair in enumerate(pairs):
        before, after = (utilities(Path(folder), situations) for folder in pair.split("="))
        gain = [late - early for early, late in zip(before, after, strict=True)]
        print(f"training {number + 1}: {interval(before)} to {interval(after)}, gain {interval(gain)}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
