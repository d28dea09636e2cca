"""Records redacted as they leave: trajectories with their texts, rankings, judgements, and lines of any JSON.

What comes out is still read by whoever reads the records.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from orchestrator.kept_text import is_address
from orchestrator.model_call import ModelCall
from orchestrator.trajectory import Trajectory
from prefs.ballot import Ballot
from prefs.judgement import Judgement
from prefs.ranking import LONGEST_NOTE, LONGEST_REASON, LONGEST_TAG, Ranking, StepMark
from storage.ranked import load_ranked, ranked_json
from storage.records import Json, load_trajectory, trajectory_json
from webapp.redaction import Redaction

_TRAJECTORY: Final = frozenset({"id", "query", "steps", "policy"})
_RANKING: Final = frozenset({"id", "ballot", "groups"})


@dataclass(slots=True)
class Striking:
    """Redacts one record after the other, and counts the places."""

    redaction: Redaction
    places: int = 0

    def trajectory(self, whole: Trajectory, *, texts: bool = False) -> Trajectory:
        """With `texts` its prompts and replies stay, redacted.

        Addresses of texts go either way: whoever guesses a text could compare them.
        """
        found = self.redaction.trajectory(whole)
        self.places += found.places
        if not texts:
            return found.value
        steps = tuple(
            replace(bare, calls=tuple(map(self._texts, bare.calls, step.calls)))
            for bare, step in zip(found.value.steps, whole.steps, strict=True)
        )
        outcome = found.value.outcome
        if outcome.call is not None and whole.outcome.call is not None:
            outcome = replace(outcome, call=self._texts(outcome.call, whole.outcome.call))
        return replace(found.value, steps=steps, outcome=outcome)

    def ranking(self, said: Ranking, annotator: str | None = None) -> Ranking:
        """The ranking, its words no longer than they may be."""
        tags = dict.fromkeys(self.text(tag)[:LONGEST_TAG].strip() for tag in said.tags)
        return replace(
            said,
            reason=None if said.reason is None else self.text(said.reason)[:LONGEST_REASON],
            tags=tuple(tags),
            marks=tuple(map(self._mark, said.marks)),
            annotator=said.annotator if annotator is None else annotator,
        )

    def ballot(self, shown: Ballot) -> Ballot:
        """The ballot with its query redacted."""
        return replace(shown, query=self.text(shown.query))

    def judgement(self, one: Judgement) -> Judgement:
        """What statistics and training files read."""
        candidates = (
            replace(
                shown,
                policy=self.text(shown.policy),
                answer=None if shown.answer is None else self.text(shown.answer),
            )
            for shown in one.candidates
        )
        marks = tuple(map(self._mark, one.marks))
        return replace(one, query=self.text(one.query), candidates=tuple(candidates), marks=marks)

    def record(self, record: Any) -> Json | Any:
        """A line of any file of JSON records; raises ValueError for one that says it is ours and is not."""
        if isinstance(record, Mapping) and record.keys() >= _TRAJECTORY:
            return trajectory_json(self.trajectory(load_trajectory(record), texts=True))
        if isinstance(record, Mapping) and record.keys() >= _RANKING:
            ranking, ballot = load_ranked(record)
            if ballot is not None:
                return ranked_json(self.ranking(ranking), self.ballot(ballot))
        found = self.redaction.json(record)
        self.places += found.places
        return found.value

    def text(self, text: str) -> str:
        """A text of its own."""
        found = self.redaction.text(text)
        self.places += found.places
        return found.value

    def _mark(self, mark: StepMark) -> StepMark:
        return replace(mark, note=self.text(mark.note)[:LONGEST_NOTE])

    def _texts(self, bare: ModelCall, whole: ModelCall) -> ModelCall:
        return replace(bare, prompt=self._text(whole.prompt), reply=self._text(whole.reply))

    def _text(self, text: str | None) -> str | None:
        if text is None or is_address(text):
            return None
        found = self.redaction.written(text)
        self.places += found.places
        return found.value
