"""Clues of logic puzzles: a sentence, and the test that it puts to a placing."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import permutations, product

from orchestrator.rehearsal.chance import Dice

Placing = dict[str, int]
"""A number for each name: the place in a race, the pet that is owned, 1 for a knight and 0 for a knave."""


@dataclass(frozen=True, slots=True)
class Clue:
    """A sentence and whether a placing agrees with it."""

    text: str
    holds: Callable[[Placing], bool]


def narrowed(dice: Dice, worlds: Sequence[Placing], truth: Placing, clues: Sequence[Clue]) -> list[Clue] | None:
    """True clues that leave only the truth, none of them spare; None if even all of them leave more."""
    chosen: list[Clue] = []
    true_clues = [clue for clue in clues if clue.holds(truth)]
    left = list(worlds)
    for clue in dice.several(true_clues, len(true_clues)):
        fewer = [world for world in left if clue.holds(world)]
        if len(fewer) < len(left):
            chosen.append(clue)
            left = fewer
        if len(left) == 1:
            break
    else:
        return None
    for clue in tuple(chosen):
        others = [other for other in chosen if other is not clue]
        if sum(all(other.holds(world) for other in others) for world in worlds) == 1:
            chosen = others
    return chosen


def race_clues(names: Sequence[str]) -> Iterator[Clue]:
    """All that can be said of a race: who came before whom, directly after whom, and not in which place."""
    for one, other in permutations(names, 2):
        yield _before(one, other)
        yield _directly_after(one, other)
    for name, place in product(names, range(1, len(names) + 1)):
        yield _is_not(f"{name} did not finish in place {place}.", name, place)


def pet_clues(names: Sequence[str], pets: Sequence[str]) -> Iterator[Clue]:
    """All that can be said of owners and pets: who owns which pet not, and which two include its owner."""
    for name, (number, pet) in product(names, enumerate(pets)):
        yield _is_not(f"{name} does not own the {pet}.", name, number)
    for (one, other), (number, pet) in product(permutations(names, 2), enumerate(pets)):
        yield _either(f"Either {one} or {other} owns the {pet}.", one, other, number)


def statements(names: Sequence[str], speaker: str) -> list[Clue]:
    """All that somebody may say about the knights and knaves on the island."""
    others = [name for name in names if name != speaker]
    said = [_is_not(f"{name} is a knave.", name, 1) for name in others]
    said += [_is_not(f"{name} is a knight.", name, 0) for name in others]
    for one, other in permutations(others, 2):
        said += [_same_kind(one, other), _some_knave(one, other)]
    return said + [_so_many_knights(count) for count in range(1, len(names))]


def _before(one: str, other: str) -> Clue:
    return Clue(f"{one} finished before {other}.", lambda world: world[one] < world[other])


def _directly_after(one: str, other: str) -> Clue:
    return Clue(f"{one} finished directly after {other}.", lambda world: world[one] == world[other] + 1)


def _is_not(text: str, name: str, number: int) -> Clue:
    return Clue(text, lambda world: world[name] != number)


def _either(text: str, one: str, other: str, number: int) -> Clue:
    return Clue(text, lambda world: number in (world[one], world[other]))


def _same_kind(one: str, other: str) -> Clue:
    return Clue(f"{one} and {other} are of the same kind.", lambda world: world[one] == world[other])


def _some_knave(one: str, other: str) -> Clue:
    return Clue(f"{one} or {other} is a knave.", lambda world: not (world[one] and world[other]))


def _so_many_knights(count: int) -> Clue:
    text = f"Exactly {count} of us {'is a knight' if count == 1 else 'are knights'}."
    return Clue(text, lambda world: sum(world.values()) == count)
