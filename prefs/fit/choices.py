"""Rankings as choices: from what remains, people take a group, or the acceptability line, until nothing remains.

The unranked tray is in no choice set (a marginal ranking), except where nothing is ranked and nothing is acceptable:
then the line is taken before everything. A line is one more thing to choose until it is taken.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from prefs.fit.growing import Growing
from prefs.fit.sandwich import Codes
from prefs.fit.scaling import UNGRADED, WEIGHED, Covariate, Scaling, partly_graded, scaled
from prefs.judgement import Judgement

Floats = NDArray[np.float64]
Places = NDArray[np.int64]
Pattern = tuple[int, tuple[int, ...], int | None]
"""Candidates, sizes of the groups, groups above the line."""


class Block:
    """Choices from sets of the same size: items × columns × choices, the chosen items first."""

    __slots__ = ("chosen", "items", "line", "ranking", "size", "x")

    def __init__(self, items: int, line: bool, columns: int) -> None:
        self.items = items
        self.line = line
        """Whether the line could be taken."""
        self.x: Growing[np.float64] = Growing((items, columns), np.float64)
        self.chosen: Growing[np.float64] = Growing((columns,), np.float64)
        """Mean of the chosen items."""
        self.size: Growing[np.int64] = Growing((), np.int64)
        """Of the chosen group; 0 where the line was taken."""
        self.ranking: Growing[np.int64] = Growing((), np.int64)

    def append(self, x: Floats, size: int, ranking: Places) -> None:
        """Choices in which the first `size` items were taken."""
        self.x.append(x)
        self.chosen.append(x[:size].mean(axis=0) if size else np.zeros(x.shape[1:]))
        self.size.append(np.full(len(ranking), size))
        self.ranking.append(ranking)

    def keep(self, mask: NDArray[np.bool_], renumbered: Places) -> None:
        """Forget the choices of rankings where `mask`, by ranking, is false."""
        kept = mask[self.ranking.values]
        for column in (self.x, self.chosen, self.size, self.ranking):
            column.keep(kept)
        self.ranking.values[:] = renumbered[self.ranking.values]


class Choices:
    """Packed rankings that can be added to and taken from. Columns are added when the first judgement needs them."""

    def __init__(
        self,
        scaling: Scaling,
        covariates: Sequence[Covariate] = ("position",),
        aliases: Sequence[str] | None = None,
    ) -> None:
        self.scaling: Scaling = scaling
        self.names: list[str] = [*WEIGHED, *covariates, *(aliases or ())]
        self.blocks: dict[tuple[int, bool], Block] = {}
        self.annotator: Growing[np.int64] = Growing((), np.int64)
        self.ballot: Growing[np.int64] = Growing((), np.int64)
        self.weight: Growing[np.float64] = Growing((), np.float64)
        """1 for each ranking, 0 where it was taken back."""
        self.left_out: Counter[str] = Counter()
        """Reason to number of rankings."""
        self._every_alias = aliases is None
        self._both: Growing[np.int64] = Growing((), np.int64)
        self._annotators: dict[str, int] = {}
        self._ballots: dict[tuple[str, ...], int] = {}
        self._pairs: dict[tuple[int, int], int] = {}

    @property
    def rankings(self) -> int:
        """Rankings that count."""
        return int(self.weight.values.sum())

    @property
    def tie_sizes(self) -> tuple[int, ...]:
        """Sizes of two and more that any group had. A size that was never seen has prevalence 0."""
        seen = [np.bincount(b.size.values, self.weight.values[b.ranking.values]) for b in self.blocks.values()]
        return tuple(sorted({int(size) for counts in seen for size in np.flatnonzero(counts) if size > 1}))

    @property
    def has_line(self) -> bool:
        """Whether any ranking that counts drew the line."""
        return any(block.line and bool(self._counting(block).any()) for block in self.blocks.values())

    @property
    def comparisons(self) -> int:
        """Pairs of ranked candidates, tied ones included, of rankings that count."""
        total = 0
        for block in self.blocks.values():
            size = block.size.values[self._counting(block)]
            total += int((size * (block.items - size) + size * (size - 1) // 2).sum())
        return total

    @property
    def codes(self) -> Codes:
        """Who ranked what, of all rankings, those that were taken back too."""
        return Codes(self.annotator.values, self.ballot.values, self._both.values)

    def ballot_keys(self) -> list[tuple[str, ...]]:
        """By code."""
        return list(self._ballots)

    def extend(self, judgements: Iterable[Judgement]) -> list[int | None]:
        """Add rankings; their numbers, `None` for what is left out."""
        judgements = list(judgements)
        numbers: list[int | None] = []
        kept: list[Judgement] = []
        for judgement in judgements:
            reason = why_left_out(judgement)
            if reason is None:
                numbers.append(self.weight.count + len(kept))
                kept.append(judgement)
            else:
                self.left_out[reason] += 1
                numbers.append(None)
        if kept:
            self._widen(kept)
            self._add(kept)
        return numbers

    def take_back(self, number: int) -> None:
        """The ranking of that number no longer counts."""
        self.weight.values[number] = 0.0

    def compact(self) -> Places:
        """Forget what no longer counts. The new number of each old one, −1 for the forgotten."""
        mask = self.weight.values > 0
        renumbered = np.where(mask, np.cumsum(mask) - 1, -1)
        for block in self.blocks.values():
            block.keep(mask, renumbered)
        for column in (self.annotator, self.ballot, self._both):
            column.keep(mask)
        self.weight.keep(mask)
        return renumbered

    def _counting(self, block: Block) -> NDArray[np.bool_]:
        counting: NDArray[np.bool_] = self.weight.values[block.ranking.values] > 0
        return counting

    def _widen(self, kept: Sequence[Judgement]) -> None:
        wanted = {UNGRADED} if any(map(partly_graded, kept)) else set[str]()
        if self._every_alias:
            wanted |= {alias for j in kept for c in j.candidates for alias in c.features.uses}
        new = sorted(wanted - set(self.names))
        if new:
            self.names += new
            for block in self.blocks.values():
                block.x.widen(len(new))
                block.chosen.widen(len(new))

    def _add(self, kept: Sequence[Judgement]) -> None:
        first = self.weight.count
        self.weight.append(np.ones(len(kept)))
        annotator = [self._annotators.setdefault(j.annotator, len(self._annotators)) for j in kept]
        ballot = [self._ballots.setdefault(ballot_key(j), len(self._ballots)) for j in kept]
        both = [self._pairs.setdefault(pair, len(self._pairs)) for pair in zip(annotator, ballot, strict=True)]
        for column, codes in ((self.annotator, annotator), (self.ballot, ballot), (self._both, both)):
            column.append(np.array(codes))
        patterns: defaultdict[Pattern, list[int]] = defaultdict(list)
        for number, judgement in enumerate(kept):
            sizes = tuple(len(group) for group in judgement.groups)
            patterns[len(judgement.candidates), sizes, judgement.acceptable].append(number)
        for pattern, members in patterns.items():
            self._add_alike([kept[number] for number in members], pattern, np.array(members) + first)

    def _add_alike(self, alike: Sequence[Judgement], pattern: Pattern, numbers: Places) -> None:
        _, sizes, acceptable = pattern
        order = np.array([[place for group in j.groups for place in group] or j.unranked for j in alike])
        measured = self._measured(alike)
        ranked = np.ascontiguousarray(np.take_along_axis(measured, order[:, :, None], axis=1).transpose(1, 2, 0))
        for start, size, line in _stages(sizes, acceptable):
            items = len(ranked) - start
            if items > 1 or line:
                self._block(items, line).append(ranked[start:], size, numbers)

    def _measured(self, alike: Sequence[Judgement]) -> Floats:
        """Judgements × candidates × columns."""
        return scaled(alike, self.names, self.scaling)

    def _block(self, items: int, line: bool) -> Block:
        if (items, line) not in self.blocks:
            self.blocks[items, line] = Block(items, line, len(self.names))
        return self.blocks[items, line]


def ballot_key(judgement: Judgement) -> tuple[str, ...]:
    """What makes two ballots the same to a statistic: their trajectories, whatever their order and their id."""
    return tuple(sorted(candidate.trajectory for candidate in judgement.candidates))


def why_left_out(judgement: Judgement) -> str | None:
    """Why a ranking tells nothing about weights; `None` where it is used."""
    if any(candidate.features.cost_usd is None for candidate in judgement.candidates):
        return "a candidate has no known cost"
    ranked = sum(len(group) for group in judgement.groups)
    if judgement.acceptable is None and (ranked < 2):
        return "fewer than two candidates are ranked and no line is drawn"
    return None


def _stages(sizes: Sequence[int], acceptable: int | None) -> Iterator[tuple[int, int, bool]]:
    """Items taken before, items taken now (0 is the line), whether the line could be taken."""
    start = 0
    for place, size in enumerate(sizes):
        if place == acceptable:
            yield start, 0, True
        yield start, size, acceptable is not None and place < acceptable
        start += size
    if not sizes and acceptable == 0:
        yield 0, 0, True
