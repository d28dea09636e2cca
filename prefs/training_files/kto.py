"""Single trajectories with a label from the acceptability line."""

from collections.abc import Iterable, Iterator

from prefs.training_files.chat import completion
from prefs.training_files.judged import Judged, Row, Tally
from prefs.training_files.options import FileOptions
from prefs.training_files.pairs import TRAY, shared_prompt
from prefs.training_files.request import tools_json

NO_LINE = "a trajectory of a ranking without an acceptability line"


def rows(judged: Iterable[Judged], options: FileOptions, tally: Tally) -> Iterator[Row]:
    """`prompt`, `completion`, `label`, `tools` as JSON text, and ids. True is above the line."""
    for one in judged:
        tally.rankings += 1
        judgement = one.judgement
        below = judgement.below_line
        if below is None or judgement.acceptable is None:
            tally.skip(NO_LINE, len(one.trajectories))
            continue
        labels = {place: True for group in judgement.groups[: judgement.acceptable] for place in group}
        labels |= dict.fromkeys(below, False)
        tally.skip(TRAY, len(one.trajectories) - len(labels))
        prompt, tools = shared_prompt(one), tools_json(one.trajectories, options)
        for place, label in sorted(labels.items()):
            trajectory = one.trajectories[place]
            tally.rows += 1
            yield {
                "prompt": prompt,
                "completion": completion(
                    trajectory, cost_shown=options.cost_shown, latency_shown=options.latency_shown
                ),
                "label": label,
                "tools": tools,
                "ranking": judgement.ranking,
                "ballot": judgement.ballot,
                "annotator": judgement.annotator,
                "trajectory": trajectory.id,
            }
