"""Trajectories with what people said of single steps, for models that reward each step.

A step that nobody marked has no label, and none is invented for it: its text stands in front of the next marked step's
in the same completion, so that the label says what a person said once all that was there. What comes after the last
marked step is left out.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from prefs.ranking import StepMark
from prefs.training_files.chat import BELOW, completion, text
from prefs.training_files.judged import Judged, Row, Tally
from prefs.training_files.options import FileOptions
from prefs.training_files.pairs import shared_prompt

UNMARKED: Final = "a trajectory none of whose steps is marked"
GOOD: Final = "good"
"""The kind that is labelled true; `needless` and `wrong` are false."""


def rows(judged: Iterable[Judged], options: FileOptions, tally: Tally) -> Iterator[Row]:
    """`prompt`, `completions` and `labels` as TRL's PRMTrainer reads them; `kinds` and `steps` of the labels, ids."""
    for one in judged:
        tally.rankings += 1
        for place, candidate in enumerate(one.judgement.candidates):
            marks = {mark.step: mark for mark in one.judgement.marks if mark.label == candidate.label}
            if marks:
                tally.rows += 1
                yield _row(one, place, marks, options)
            else:
                tally.skip(UNMARKED)


def _row(one: Judged, place: int, marks: Mapping[int, StepMark], options: FileOptions) -> Row:
    trajectory, judgement = one.trajectories[place], one.judgement
    said = completion(trajectory, cost_shown=options.cost_shown, latency_shown=options.latency_shown)
    completions, waiting = [], []
    for step in range(max(marks) + 1):
        told = text(said[2 * step : 2 * step + 2])  # what was routed and what came back
        waiting.append(told.replace(BELOW, trajectory.answer or BELOW, 1))
        if step in marks:
            completions.append("\n\n".join(waiting))
            waiting = []
    return {
        "prompt": shared_prompt(one)[-1]["content"],
        "completions": completions,
        "labels": [marks[step].kind == GOOD for step in sorted(marks)],
        "kinds": [marks[step].kind for step in sorted(marks)],
        "steps": sorted(marks),
        "ranking": judgement.ranking,
        "ballot": judgement.ballot,
        "annotator": judgement.annotator,
        "trajectory": trajectory.id,
    }
