"""What a run has gathered so far: the documents found and the code outputs. The state that a prompt is built from."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from orchestrator.trajectory import CodeRun, Document, Observation, Step


@dataclass(slots=True)
class Evidence:
    """Documents, each once, as the searches brought them, and code runs, oldest first."""

    searches: list[list[Document]] = field(default_factory=list)
    """What each search found that no earlier one had, best first. A search that found nothing new is left out."""
    code_runs: list[CodeRun] = field(default_factory=list)
    _seen: set[str] = field(default_factory=set)

    def add(self, observation: Observation | None) -> None:
        """Take in what a step brought."""
        if observation is None:
            return
        new: list[Document] = []
        for document in observation.documents:
            if document.text not in self._seen:
                self._seen.add(document.text)
                new.append(document)
        if new:
            self.searches.append(new)
        if observation.code_run is not None:
            self.code_runs.append(observation.code_run)

    @property
    def documents(self) -> tuple[Document, ...]:
        """All documents in order of arrival."""
        return tuple(document for found in self.searches for document in found)

    @property
    def empty(self) -> bool:
        """Whether nothing has been gathered yet."""
        return not self.searches and not self.code_runs


def gathered(steps: Iterable[Step]) -> Evidence:
    """The evidence that these steps brought together."""
    evidence = Evidence()
    for step in steps:
        evidence.add(step.observation)
    return evidence
