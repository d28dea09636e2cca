"""Counting problems: the number of arrangements, numbers and ways, found by going through all of them."""

from collections.abc import Iterator
from itertools import pairwise, permutations, product

from orchestrator.rehearsal.chance import Dice
from orchestrator.rehearsal.tasks.task import Task, near, plausible


def counting(dice: Dice) -> Iterator[Task]:
    """The counting tasks of the reasoning domain."""
    yield from _anagrams()
    yield from _strings(dice)
    yield from _digit_sums(dice)


def _task(name: str, difficulty: int, question: str, value: int, program: str) -> Task:
    reference = str(value)
    return Task(
        f"reasoning/{name}",
        "reasoning",
        difficulty,
        question,
        reference,
        plausible(reference, near(value)),
        f"counting {name.split('/', maxsplit=1)[0]}",
        program=program,
        needs_program=True,
    )


def _anagrams() -> Iterator[Task]:
    for word in ("banana", "ballet", "tattoo", "coffee", "cello", "pepper", "kayak", "noon", "papaya", "seesaw"):
        fitting = {
            "".join(order) for order in permutations(word) if all(left != right for left, right in pairwise(order))
        }
        if not fitting:
            continue
        question = (
            f'In how many different ways can the letters of "{word}" be arranged so that '
            "no two equal letters stand side by side?"
        )
        program = f"""def ways(left, last):
    if not left:
        return 1
    total = 0
    for c in set(left):
        if c != last:
            i = left.index(c)
            total += ways(left[:i] + left[i + 1:], c)
    return total
print(ways("{word}", ""))"""
        yield _task(f"anagram/{word}", 3, question, len(fitting), program)


def _strings(dice: Dice) -> Iterator[Task]:
    for length in range(4, 11):
        for run in (2, 3):
            count = sum("1" * run not in "".join(bits) for bits in product("01", repeat=length))
            kind = dice.one_of(("rows of coins, heads or tails", "rows of lamps, on or off"))
            what = "heads" if "coins" in kind else "lamps that are on"
            question = f"How many different {kind}, of length {length} have no {run} {what} directly side by side?"
            program = f"""def ways(left, run):
    if left == 0:
        return 1
    total = ways(left - 1, 0)
    if run + 1 < {run}:
        total += ways(left - 1, run + 1)
    return total
print(ways({length}, 0))"""
            yield _task(f"binary-row/{length}-{run}", 2, question, count, program)


def _digit_sums(dice: Dice) -> Iterator[Task]:
    for target in sorted({dice.between(4, 24) for _ in range(24)}):
        count = sum(sum(map(int, str(n))) == target and len(set(str(n))) == len(str(n)) for n in range(100, 1000))
        if not count:
            continue
        question = f"How many three-digit numbers have three different digits whose sum is {target}?"
        program = f"""count = 0
for a in range(1, 10):
    for b in range(10):
        c = {target} - a - b
        if 0 <= c <= 9 and a != b and b != c and a != c:
            count += 1
print(count)"""
        yield _task(f"digit-sum/{target}", 2, question, count, program)
