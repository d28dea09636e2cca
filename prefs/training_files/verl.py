"""Rows for verl: the prompt of a first turn and what a reward function is given."""

import json
from collections.abc import Iterable, Iterator

from prefs.training_files.choices import choices, ranges_row
from prefs.training_files.grpo import prompt_row
from prefs.training_files.judged import Judged, Row, Tally
from prefs.training_files.options import FileOptions
from prefs.training_files.queries import Asked, asked

DATA_SOURCE = "podium"
ABILITY = "tool-routing"


NO_CHOICE = "a query of which no alternative called anything"
UNGRADED = "a query with an ungraded alternative: verl wants a number, and none would be true"


def rows(judged: Iterable[Judged], options: FileOptions, tally: Tally) -> Iterator[Row]:
    """`data_source`, `prompt`, `ability`, `reward_model` (`style` rule, `ground_truth`) and `extra_info`.

    `ground_truth` is the reference answer, null where there is none. `extra_info` has `split`, `index`, `id`, `query`,
    `ballot` and as JSON texts `tools`, `quotes` and what `prefs.reward_functions.compute_score` reads: `preference`,
    `choices` and `ranges`.
    """
    number = 0
    for one in asked(judged, options, tally):
        found = choices(one.judged)
        if not found:
            tally.skip(NO_CHOICE)
        elif any(measured.outcome is None for measured in found.values()):
            tally.skip(UNGRADED)
        else:
            tally.rows += 1
            yield _row(one, number, ranges_row(found), options)
            number += 1


def _row(one: Asked, number: int, ranges: Row, options: FileOptions) -> Row:
    told = prompt_row(one, options)
    kept = ("query", "preference", "choices", "tools", "quotes", "ballot")
    return {
        "data_source": DATA_SOURCE,
        "prompt": told["prompt"],
        "ability": ABILITY,
        "reward_model": {"style": "rule", "ground_truth": told["reference"]},
        "extra_info": {
            "split": options.split,
            "index": number,
            "id": told["group"],
            **{name: told[name] for name in kept},
            "ranges": json.dumps(ranges),
        },
    }
