"""Rankings as a benchmark of reward models, in the shape of RewardBench 2."""

from collections.abc import Iterable, Iterator

from prefs.training_files.chat import completion, text
from prefs.training_files.judged import Judged, Row, Tally
from prefs.training_files.options import FileOptions
from prefs.training_files.pairs import NO_PAIR, TRAY, shared_prompt

SUBSET = "trajectories"


def rows(judged: Iterable[Judged], options: FileOptions, tally: Tally) -> Iterator[Row]:
    """`id`, `prompt`, `chosen`, `rejected`, `num_correct`, `num_rejected`, `total_completions`, `subset`, `models`.

    One row for each member of the best group against all groups below: the benchmark asks whether that one scores
    highest, and knows ties only in a subset with rules of its own.
    """
    for one in judged:
        judgement = one.judgement
        tally.rankings += 1
        tally.skip(TRAY, len(judgement.unranked))
        below = [place for group in judgement.groups[1:] for place in group]
        if not below:
            tally.skip(NO_PAIR)
            continue
        rejected = [_completion(one, place, options) for place in below]
        for place in judgement.groups[0]:
            tally.rows += 1
            yield {
                "id": f"{judgement.ranking}:{judgement.candidates[place].label}",
                "prompt": shared_prompt(one)[-1]["content"],
                "chosen": [_completion(one, place, options)],
                "rejected": rejected,
                "num_correct": 1,
                "num_rejected": len(rejected),
                "total_completions": 1 + len(rejected),
                "subset": SUBSET,
                "models": [judgement.candidates[shown].policy for shown in (place, *below)],
            }


def _completion(one: Judged, place: int, options: FileOptions) -> str:
    return text(completion(one.trajectories[place], cost_shown=options.cost_shown, latency_shown=options.latency_shown))
