"""Search for batches in which a reward breaks a law."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from prefs.linting.case import Case
from prefs.linting.law import LAWS, Law
from prefs.linting.scorer import Reward, Scorer, Unusable, Violation
from prefs.linting.shrinking import shrunk
from prefs.linting.trials import trials

CASES: Final = 100
"""Batches tried unless told otherwise."""
Progress = Callable[[int, int], None]
"""Told how many cases are done, and how many laws are broken so far."""


@dataclass(frozen=True, slots=True)
class Report:
    """What linting found: at most one violation of each law, as small as it could be made."""

    cases: int
    seed: int
    calls: int
    violations: tuple[Violation, ...]
    """In the order of LAWS."""
    unchecked: tuple[str, ...]
    """Laws of which nothing can be said, since the reward gave no scores, or other ones each time."""

    @property
    def clean(self) -> bool:
        """Whether every law was looked at and none was broken."""
        return not self.violations and not self.unchecked


def lint(reward: Reward, cases: int = CASES, seed: int = 0, progress: Progress | None = None) -> Report:
    """Try the reward on that many batches. It is called some thirty times for each, and what it raises is a finding.

    Only a TimeoutError or ConnectionError ends the search. Raises ValueError unless `cases` is at least 1.
    """
    if cases < 1:
        raise ValueError(f"at least one case must be tried, not {cases}")
    search = _Search(Scorer(reward), {}, set())
    for done, case in enumerate(trials(cases, seed), 1):
        search.over(case)
        if progress is not None:
            progress(done, len(search.found))
    found = tuple(search.found[law.name] for law in LAWS if law.name in search.found)
    unchecked = tuple(law.name for law in LAWS if law.name not in search.checked | set(search.found))
    return Report(cases, seed, search.score.calls, found, unchecked)


@dataclass(slots=True)
class _Search:
    score: Scorer
    found: dict[str, Violation]
    checked: set[str]

    def over(self, case: Case) -> None:
        """Every law that is not broken yet, on this case. A reward that changes by itself is not looked at further."""
        self.score.forget()
        for law in LAWS:
            if "deterministic" in self.found:
                self.checked = {"runs", "length", "finite"}
                return
            if law.name not in self.found:
                self._try(law, case)

    def _try(self, law: Law, case: Case) -> None:
        asked = self.score.asked
        try:
            violation = law.broken(self.score, case)
        except Unusable as unusable:
            self._keep(unusable.violation, unusable.violation.before.case)
            return
        if self.score.asked > asked:  # else nothing in this batch is what the law speaks of
            self.checked.add(law.name)
        if violation is not None:
            self._keep(violation, case)

    def _keep(self, violation: Violation, case: Case) -> None:
        if violation.law not in self.found:
            law = next(law for law in LAWS if law.name == violation.law)
            self.found[law.name] = shrunk(law, self.score, case, violation)
