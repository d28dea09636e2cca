"""Reasoning: knights and knaves, orders, assignments and counting. Each answer is the only one that fits."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import permutations, product

from orchestrator.rehearsal.chance import Dice
from orchestrator.rehearsal.tasks.counting import counting
from orchestrator.rehearsal.tasks.task import Task, plausible

PEOPLE = ("Ada", "Ben", "Cleo", "Dan", "Eva", "Finn", "Gwen", "Hugo", "Iris", "Jon", "Kim", "Leo")
PETS = ("cat", "dog", "parrot", "rabbit", "tortoise")

Placing = dict[str, int]


@dataclass(frozen=True, slots=True)
class _Clue:
    """A sentence and the test that it puts to a placing (a number for each name)."""

    text: str
    holds: Callable[[Placing], bool]


def reasoning() -> Iterator[Task]:
    """All tasks of the domain."""
    dice = Dice("reasoning")
    yield from _races(dice)
    yield from _islands(dice)
    yield from _pet_owners(dice)
    yield from counting(dice)


def _task(name: str, difficulty: int, question: str, reference: str, wrong: Sequence[str]) -> Task:
    phrase = f"logic puzzle {name.split('/')[0]}"
    return Task(f"reasoning/{name}", "reasoning", difficulty, question, reference, plausible(reference, wrong), phrase)


def _narrowed(dice: Dice, worlds: list[Placing], truth: Placing, clues: list[_Clue]) -> list[_Clue] | None:
    """Clues that are true and leave only the truth, each of them needed when it was added; None if they do not."""
    chosen: list[_Clue] = []
    true_clues = [clue for clue in clues if clue.holds(truth)]
    for clue in dice.several(true_clues, len(true_clues)):
        left = [world for world in worlds if clue.holds(world)]
        if len(left) < len(worlds):
            chosen.append(clue)
            worlds = left
        if len(worlds) == 1:
            return chosen
    return None


def _races(dice: Dice) -> Iterator[Task]:
    for number in range(46):
        size = 4 if number < 16 else 5
        names = sorted(dice.several(PEOPLE, size))
        worlds = [dict(zip(names, places, strict=True)) for places in permutations(range(1, size + 1))]
        truth = dice.one_of(worlds)
        chosen = _narrowed(dice, worlds, truth, _race_clues(names))
        if chosen is None:
            continue
        asked = dice.between(1, size)
        winner = next(name for name in names if truth[name] == asked)
        question = (
            f"{', '.join(names)} ran a race without ties. {' '.join(clue.text for clue in chosen)} "
            f"Who finished in place {asked}?"
        )
        wrong = [name for name in names if name != winner]
        yield _task(f"race/{number}-{'-'.join(names).lower()}", 2 if size == 4 else 3, question, winner, wrong)


def _race_clues(names: Sequence[str]) -> list[_Clue]:
    clues = []
    for a, b in permutations(names, 2):
        clues.append(_Clue(f"{a} finished before {b}.", lambda w, a=a, b=b: w[a] < w[b]))  # type: ignore[misc]
        clues.append(_Clue(f"{a} finished directly after {b}.", lambda w, a=a, b=b: w[a] == w[b] + 1))  # type: ignore[misc]
    for a, place in product(names, range(1, len(names) + 1)):
        clues.append(_Clue(f"{a} did not finish in place {place}.", lambda w, a=a, p=place: w[a] != p))  # type: ignore[misc]
    return clues


def _islands(dice: Dice) -> Iterator[Task]:
    made = 0
    while made < 42:
        size = 3 if made < 18 else 4
        names = sorted(dice.several(PEOPLE, size))
        said = [dice.one_of(_statements(names, speaker)) for speaker in names]
        kinds = [dict(zip(names, bits, strict=True)) for bits in product((0, 1), repeat=size)]
        fitting = [
            w for w in kinds if all(bool(w[n]) == clue.holds(w) for n, clue in zip(names, said, strict=True))
        ]
        if len(fitting) != 1 or not any(fitting[0].values()):
            continue
        made += 1
        knights = _knights(fitting[0])
        talk = " ".join(f'{name} says: "{clue.text}"' for name, clue in zip(names, said, strict=True))
        question = (
            "On an island, knights always tell the truth and knaves always lie. "
            f"{', '.join(names)} are each a knight or a knave. {talk} Who are the knights? "
            "Name them in alphabetical order, separated by commas."
        )
        others = dice.several([_knights(w) for w in kinds if any(w.values()) and w != fitting[0]], 3)
        yield _task(f"knights/{made}-{'-'.join(names).lower()}", 2 if size == 3 else 3, question, knights, others)


def _knights(world: Placing) -> str:
    return ", ".join(name for name in sorted(world) if world[name])


def _statements(names: Sequence[str], speaker: str) -> list[_Clue]:
    others = [name for name in names if name != speaker]
    clues = []
    for a in others:
        clues.append(_Clue(f"{a} is a knave.", lambda w, a=a: not w[a]))  # type: ignore[misc]
        clues.append(_Clue(f"{a} is a knight.", lambda w, a=a: bool(w[a])))  # type: ignore[misc]
    for a, b in permutations(others, 2):
        clues.append(_Clue(f"{a} and {b} are of the same kind.", lambda w, a=a, b=b: w[a] == w[b]))  # type: ignore[misc]
        clues.append(_Clue(f"{a} or {b} is a knave.", lambda w, a=a, b=b: not (w[a] and w[b])))  # type: ignore[misc]
    for count in range(1, len(names)):
        text = f"Exactly {count} of us {'is a knight' if count == 1 else 'are knights'}."
        clues.append(_Clue(text, lambda w, c=count: sum(w.values()) == c))  # type: ignore[misc]
    return clues


def _pet_owners(dice: Dice) -> Iterator[Task]:
    for number in range(30):
        names, pets = sorted(dice.several(PEOPLE, 4)), sorted(dice.several(PETS, 4))
        worlds = [dict(zip(names, order, strict=True)) for order in permutations(range(4))]
        truth = dice.one_of(worlds)
        chosen = _narrowed(dice, worlds, truth, _pet_clues(names, pets))
        if chosen is None:
            continue
        asked = dice.one_of(names)
        question = (
            f"{', '.join(names)} own one pet each: a {', a '.join(pets)}. "
            f"{' '.join(clue.text for clue in chosen)} Which pet does {asked} own?"
        )
        wrong = [pet for pet in pets if pet != pets[truth[asked]]]
        yield _task(f"pets/{number}-{'-'.join(names).lower()}", 3, question, pets[truth[asked]], wrong)


def _pet_clues(names: Sequence[str], pets: Sequence[str]) -> list[_Clue]:
    clues = []
    for a, place in product(names, range(4)):
        text = f"{a} does not own the {pets[place]}."
        clues.append(_Clue(text, lambda w, a=a, p=place: w[a] != p))  # type: ignore[misc]
    for a, b in permutations(names, 2):
        for p in range(4):
            text = f"Either {a} or {b} owns the {pets[p]}."
            clues.append(_Clue(text, lambda w, a=a, b=b, p=p: p in (w[a], w[b])))  # type: ignore[misc]
    return clues
