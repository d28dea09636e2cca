"""The data card: what a data set of rankings holds, in Markdown. Every number is counted from the data."""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Final

from storage.store import Store
from webapp.exports.card_statistics import agreement, fitted
from webapp.exports.figures import Figures, Shown, Standing, figures

ABSENT: Final = "not enough data"
FEWEST: Final = 50
"""Rankings below which shares are not told."""


def written_card(store: Store, licence: str | None) -> str:
    """The card; a number that the data does not give is absent with its reason."""
    found = figures(store)
    if not found.said.rankings:
        return "# Data card\n\nThere are no rankings yet, so there is nothing to tell.\n"
    judgements = list(store.iter_judgements())
    parts = [
        "# Data card",
        "Rankings of alternative trajectories: for one query, people order several runs of an orchestrator. Written "
        "by `podium export card` from the data itself.",
        *_section("Size", _size(found)),
        *_section("Rankings that stand", _standing(found.standing)),
        *_section("Overlap and agreement", [*_overlap(found.standing), *agreement(judgements)]),
        *_section("What may sway people", [*_positions(found.standing), *fitted(judgements)]),
        *_section("Trajectories", _trajectories(found.shown)),
        *_section("People", _people()),
        *_section("Licence", [licence or "not stated"]),
    ]
    return "\n\n".join(parts) + "\n"


def _section(title: str, said: Iterable[str]) -> tuple[str, str]:
    return f"## {title}", "\n".join(f"- {line}" for line in said)


def _size(found: Figures) -> Iterator[str]:
    said, standing = found.said, found.standing
    yield f"{_number(said.rankings, 'ranking')}, {said.corrections:,} of them corrections; {standing.rankings:,} stand"
    people, ballots = _number(len(standing.annotators), "annotator"), _number(len(standing.ballots), "ballot")
    yield f"{people}, {ballots} ranked, {_number(len(standing.queries), 'query', 'queries')}"
    if said.blind:
        yield f"in two phases: {said.blind:,} blind to cost or latency, {said.revealed:,} once they were revealed"
    if said.tagged or said.marks:
        yield f"with categories of reasons: {said.tagged:,}; steps marked: {said.marks:,}"
    if said.first is not None and said.last is not None:
        yield f"from {said.first:%Y-%m-%d} to {said.last:%Y-%m-%d} (UTC)"


def _number(count: int, noun: str, plural: str | None = None) -> str:
    return f"{count:,} {noun if count == 1 else plural or noun + 's'}"


def _share(part: int, whole: int) -> str:
    return f"{part:,} of {whole:,} ({part / whole:.0%})" if whole else f"{ABSENT}: nothing to count"


def _standing(standing: Standing) -> Iterator[str]:
    sizes = ", ".join(f"{size}: {count:,}" for size, count in sorted(standing.sizes.items()))
    yield f"alternatives on the ballot, and rankings: {sizes}"
    yield f"with ties: {_share(standing.with_ties, standing.rankings)}"
    yield f"partial (something left unranked): {_share(standing.partial, standing.rankings)}"
    yield f"with an acceptability line: {_share(standing.lines, standing.rankings)}"
    yield f"none acceptable, of those with a line: {_share(standing.none_acceptable, standing.lines)}"
    tied = _share(standing.tied_comparisons, standing.comparisons)
    yield f"comparisons of two that follow from them: {standing.comparisons:,}; ties among them: {tied}"
    most, least = max(standing.annotators.values()), min(standing.annotators.values())
    yield f"rankings of one annotator: from {least:,} to {most:,}"


def _overlap(standing: Standing) -> Iterator[str]:
    several = sum(count > 1 for count in standing.ballots.values())
    yield f"ballots that two or more people ranked: {_share(several, len(standing.ballots))}"
    yield f"annotators of one ballot on average: {standing.rankings / len(standing.ballots):.2f}"


def _positions(standing: Standing) -> Iterator[str]:
    """How often each place was the only best one, beside what no effect of the place would give."""
    for size in sorted(standing.single_best):
        count = standing.single_best[size]
        if count < FEWEST:
            yield f"{size} alternatives: {ABSENT} ({count} rankings with one best alternative, {FEWEST} are needed)"
            continue
        shares = ", ".join(f"{standing.best_shares[size][place] / count:.1%}" for place in range(size))
        chance = f"{1 / size:.1%} each by chance"
        yield f"{size} alternatives, which was best, by its place as shown: {shares} of {count:,} ({chance})"
    if not standing.single_best:
        yield f"{ABSENT}: no ranking puts one alternative alone at the top"


def _trajectories(shown: Shown) -> Iterator[str]:
    count = len(shown.digests)
    yield f"{_number(count, 'trajectory', 'trajectories')} ranked"
    yield f"simulated in part or whole: {_share(shown.simulated, count)}"
    yield f"with a call of unknown price: {_share(shown.unpriced, count)}"
    yield f"outcomes: {_table(shown.verdicts)}"
    yield f"policies: {_table(shown.policies)}"
    yield f"pools: {_table(shown.pools)}"
    yield f"SHA-256 over the SHA-256 of each record (as exported, in the order of ids): `{shown.digest}`"


def _table(counted: Counter[str]) -> str:
    return ", ".join(f"{_plain(name)} {count:,}" for name, count in counted.most_common())


def _plain(text: str) -> str:
    """A name as code, whatever it holds."""
    return "`" + " ".join(text.replace("`", "'").split())[:200] + "`"


def _people() -> Iterator[str]:
    yield "annotators have pseudonyms in exported files (a keyed hash of the name)"
    yield "reasons are free text and are exported as they were written; look through them before you publish"
