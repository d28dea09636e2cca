"""What rankings reveal, by everybody, annotator, study or domain: read when rankings came, fitted when asked."""

import asyncio
from collections.abc import Callable, Iterable
from typing import Final, Literal, get_args

from orchestrator.rehearsal.tasks import find
from prefs.judgement import Judgement
from prefs.tuning.groups import GroupFit, group_fits
from storage.store import Store
from storage.studies import Studies
from webapp.exports.pseudonyms import Pseudonyms
from webapp.learned import stated_aliases

By = Literal["everybody", "annotator", "study", "domain"]
BYS: Final[tuple[By, ...]] = get_args(By)
OTHER: Final = "other"
"""The domain of queries that are no rehearsal tasks."""
NO_STUDY: Final = "no study"
MOST_STUDIES: Final = 200


def domain_of(query: str) -> str:
    """The domain of a rehearsal task; `OTHER` for any other query."""
    task = find(query)
    return OTHER if task is None else task.domain


class RevealedGroups:
    """Fits by group, remembered until another ranking comes. Work is done in threads."""

    def __init__(self, store: Store, pseudonyms: Callable[[], Pseudonyms]) -> None:
        self._store = store
        self._pseudonyms = pseudonyms
        self._lock = asyncio.Lock()
        self._known = (-1, 0)
        """Rankings that were kept and forgotten when the judgements were read."""
        self._judgements: list[Judgement] = []
        self._fits: dict[tuple[By, object], tuple[GroupFit, ...]] = {}

    async def judgements(self) -> list[Judgement]:
        """What everybody says of every ballot now."""
        async with self._lock:
            await asyncio.to_thread(self._read)
            return self._judgements

    async def fits(self, by: By) -> tuple[GroupFit, ...]:
        """A fit for each group, the one with the most rankings first."""
        async with self._lock:
            return await asyncio.to_thread(self._fitted, by)

    def _read(self) -> None:
        now = self._store.rankings_version()
        if now != self._known:
            self._judgements = list(self._store.iter_judgements())
            self._known, self._fits = now, {}

    def _fitted(self, by: By) -> tuple[GroupFit, ...]:
        self._read()
        studies = self._studies() if by == "study" else {}
        key = (by, tuple(sorted(studies.items())))
        if key not in self._fits:
            groups = self._groups(by, studies)
            self._fits[key] = group_fits(self._judgements, groups, aliases=stated_aliases(self._judgements))
        return self._fits[key]

    def _groups(self, by: By, studies: dict[str, tuple[str, ...]]) -> Callable[[Judgement], Iterable[str]]:
        if by == "annotator":
            pseudonyms = self._pseudonyms()
            return lambda judgement: [pseudonyms.of(judgement.annotator)]
        if by == "study":
            return lambda judgement: studies.get(judgement.ballot, (NO_STUDY,))
        if by == "domain":
            return lambda judgement: [domain_of(judgement.query)]
        return lambda _: ["everybody"]

    def _studies(self) -> dict[str, tuple[str, ...]]:
        """Ballot to the names of its studies."""
        studies, found = Studies(self._store), dict[str, tuple[str, ...]]()
        for study in studies.newest(MOST_STUDIES):
            for ballot in studies.ballots(study.id):
                found[ballot] = (*found.get(ballot, ()), study.name)
        return found
