"""Which of some settings people would like best, by what their rankings revealed, and whether to go on asking."""

from collections.abc import Sequence

from orchestrator.preference import PRESETS, PreferenceVector
from prefs.asking.decision import Decision, Setting, choosing, decision
from prefs.asking.estimate import of_fit
from prefs.asking.pool import AskingPool
from prefs.features import Features
from prefs.fit.preference import fit
from prefs.judgement import Judgement
from storage.records import load_preference
from webapp.learned import stated_aliases


def decided(judgements: Sequence[Judgement], names: Sequence[str], planned: int | None) -> Decision:
    """The decision between settings: presets, vectors in JSON, or policies whose trajectories were ranked.

    A preset or a vector stands for the alternatives it would choose. Raises ValueError for a name that is neither,
    and where there is too little to say.
    """
    pools = ranked_pools(judgements)
    settings = [_setting(name, judgements, pools) for name in names]
    found = fit(judgements, aliases=stated_aliases(judgements), folds=0)
    used = found.rankings
    return decision(settings, pools, of_fit(found.ballot), used=used, planned=used if planned is None else planned)


def ranked_pools(judgements: Sequence[Judgement]) -> list[AskingPool]:
    """The trajectories of each query that were ranked."""
    known: dict[str, dict[str, Features]] = {}
    for judgement in judgements:
        pool = known.setdefault(judgement.query, {})
        pool.update((candidate.trajectory, candidate.features) for candidate in judgement.candidates)
    return [AskingPool(query, tuple(pool), tuple(pool.values())) for query, pool in known.items()]


def _setting(name: str, judgements: Sequence[Judgement], pools: Sequence[AskingPool]) -> Setting:
    vector = _vector(name)
    if vector is not None:
        return choosing(vector, pools, name)
    ran = {
        candidate.trajectory
        for judgement in judgements
        for candidate in judgement.candidates
        if candidate.policy == name
    }
    if not ran:
        policies = sorted({candidate.policy for judgement in judgements for candidate in judgement.candidates})
        raise ValueError(
            f"{name!r} is no preset, no vector in JSON and no policy of what was ranked; there are "
            f"{', '.join((*PRESETS, *policies))}"
        )
    return Setting(name, frozenset(ran))


def _vector(name: str) -> PreferenceVector | None:
    if name.lstrip().startswith("{"):
        return load_preference(name)
    return PRESETS.get(name)
