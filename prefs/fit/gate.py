"""The outcome gate as a testable assumption: does a wrong answer ever beat a right one in people's rankings?"""

from collections.abc import Sequence

import numpy as np

from prefs.fit.choices import ballot_key
from prefs.fit.result import OutcomeGate
from prefs.fit.sandwich import Kind, codes, of_ratio
from prefs.judgement import Judgement


def outcome_gate(judgements: Sequence[Judgement], clustering: Kind = "auto") -> OutcomeGate:
    """Shares of the pairs with known and different outcomes, with clustered intervals."""
    counted = [(judgement, gate_counts(judgement)) for judgement in judgements]
    telling = [(judgement, counts) for judgement, counts in counted if counts[0]]
    if not telling:
        return OutcomeGate(0, None, None)
    pairs, wrong, tied = np.array([counts for _, counts in telling], np.float64).T
    who = codes([j.annotator for j, _ in telling], [ballot_key(j) for j, _ in telling])
    return OutcomeGate(
        int(pairs.sum()), of_ratio(wrong, pairs, who, clustering), of_ratio(tied, pairs, who, clustering)
    )


def gate_counts(judgement: Judgement) -> tuple[int, int, int]:
    """Pairs of a right and a wrong answer; of these: wrong above right, tied."""
    outcomes = [candidate.features.outcome for candidate in judgement.candidates]
    if not (0 in outcomes and 1 in outcomes):
        return 0, 0, 0
    pairs = wrong = tied = 0
    right_above = wrong_above = 0
    for group in judgement.groups:
        right = sum(outcomes[place] == 1 for place in group)
        failed = sum(outcomes[place] == 0 for place in group)
        tied += right * failed
        wrong += wrong_above * right
        pairs += right * failed + wrong_above * right + right_above * failed
        wrong_above += failed
        right_above += right
    return pairs, wrong, tied
