"""How many damaged inputs a parser is given, and what it may do with each of them."""

import os
import random
import time
from collections import Counter
from collections.abc import Callable
from typing import Any, Final, TypeVar

from hypothesis import HealthCheck, Phase, note, settings

Read = TypeVar("Read")
EXAMPLES: Final = int(os.environ.get("PODIUM_FUZZ_EXAMPLES", "1000"))
"""Damaged inputs for each parser."""
BATCH: Final = 50
"""Damaged inputs that are made of one valid one."""
MOST_CPU_S: Final = 2.0
LONGEST_SENTENCE: Final = 20_000
TALLY: Final[Counter[str]] = Counter()
"""Inputs so far, accepted and refused, by parser."""


def campaign(share: float = 1.0, batch: int = BATCH) -> settings:
    """As many hypothesis examples as make that share of EXAMPLES in batches."""
    return settings(
        max_examples=max(1, round(EXAMPLES * share / batch)),
        deadline=None,
        database=None,
        phases=(Phase.explicit, Phase.generate),
        suppress_health_check=list(HealthCheck),
    )


def mutants(seed: int, batch: int = BATCH) -> list[random.Random]:
    """A source of chance for each damaged input of a batch."""
    return [random.Random(f"{seed}.{number}") for number in range(batch)]


def read_or_refused(
    parser: str, given: Any, read: Callable[[], Read], refusals: tuple[type[Exception], ...]
) -> Read | None:
    """What the parser makes of an input, or `None` where it refuses it in words; anything else is a crash."""
    began = time.process_time()
    try:
        found = read()
    except refusals as error:
        said = str(error)
        if not said.strip() or len(said) > LONGEST_SENTENCE or isinstance(error, UnicodeError):
            note(f"{parser} was given {given!r:.2000}")
            raise AssertionError(f"{parser} refuses without a clear sentence: {error!r:.300}") from error
        TALLY[f"{parser}: refused"] += 1
        return None
    except BaseException:
        note(f"{parser} was given {given!r:.2000}")
        raise
    finally:
        taken_s = time.process_time() - began
        if taken_s > MOST_CPU_S:
            note(f"{parser} was given {given!r:.2000}")
            raise AssertionError(f"{parser} took {taken_s:.1f} s of one input")
    TALLY[f"{parser}: accepted"] += 1
    return found


def told() -> str:
    """The tally in one line for each parser."""
    names = sorted({name.partition(":")[0] for name in TALLY})
    lines = [
        f"{name}: {TALLY[f'{name}: accepted']:,} accepted, {TALLY[f'{name}: refused']:,} refused" for name in names
    ]
    return "\n".join([*lines, f"{sum(TALLY.values()):,} damaged inputs in all"])
