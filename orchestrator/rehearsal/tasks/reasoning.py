"""Reasoning: races, knights and knaves, pet owners and counting. Each answer is the only one that fits."""

from collections.abc import Iterator, Sequence
from itertools import permutations, product

from orchestrator.rehearsal.chance import Dice
from orchestrator.rehearsal.tasks.clues import Placing, narrowed, pet_clues, race_clues, statements
from orchestrator.rehearsal.tasks.counting import counting
from orchestrator.rehearsal.tasks.task import Task, plausible

PEOPLE = ("Ada", "Ben", "Cleo", "Dan", "Eva", "Finn", "Gwen", "Hugo", "Iris", "Jon", "Kim", "Leo")
PETS = ("cat", "dog", "parrot", "rabbit", "tortoise")


def reasoning() -> Iterator[Task]:
    """All tasks of the domain."""
    dice = Dice("reasoning")
    yield from _races(dice)
    yield from _islands(dice)
    yield from _pet_owners(dice)
    yield from counting(dice)


def _task(kind: str, name: str, difficulty: int, question: str, reference: str, wrong: Sequence[str]) -> Task:
    return Task(
        f"reasoning/{kind}/{name}",
        "reasoning",
        difficulty,
        question,
        reference,
        plausible(reference, wrong),
        f"logic puzzle {kind}",
    )


def _races(dice: Dice) -> Iterator[Task]:
    for number in range(46):
        size = 4 if number < 16 else 5
        names = sorted(dice.several(PEOPLE, size))
        worlds = [dict(zip(names, places, strict=True)) for places in permutations(range(1, size + 1))]
        truth = dice.one_of(worlds)
        chosen = narrowed(dice, worlds, truth, list(race_clues(names)))
        if chosen is None:
            continue
        asked = dice.between(1, size)
        winner = next(name for name in names if truth[name] == asked)
        question = (
            f"{', '.join(names)} ran a race without ties. {' '.join(clue.text for clue in chosen)} "
            f"Who finished in place {asked}?"
        )
        wrong = [name for name in names if name != winner]
        difficulty = 2 if size == 4 else 3
        yield _task("race", f"{number}-{'-'.join(names).lower()}", difficulty, question, winner, wrong)


def _islands(dice: Dice) -> Iterator[Task]:
    made = 0
    while made < 42:
        size = 3 if made < 18 else 4
        names = sorted(dice.several(PEOPLE, size))
        said = {name: dice.one_of(statements(names, name)) for name in names}
        kinds = [dict(zip(names, bits, strict=True)) for bits in product((0, 1), repeat=size)]
        fitting = [world for world in kinds if all(clue.holds(world) == (world[n] == 1) for n, clue in said.items())]
        if len(fitting) != 1 or not any(fitting[0].values()):
            continue
        made += 1
        talk = " ".join(f'{name} says: "{clue.text}"' for name, clue in said.items())
        question = (
            "On an island, knights always tell the truth and knaves always lie. "
            f"{', '.join(names)} are each a knight or a knave. {talk} Who are the knights? "
            "Name them in alphabetical order, separated by commas."
        )
        wrong = dice.several([_knights(w) for w in kinds if any(w.values()) and w != fitting[0]], 3)
        difficulty = 2 if size == 3 else 3
        name = f"{made}-{'-'.join(names).lower()}"
        yield _task("knights", name, difficulty, question, _knights(fitting[0]), wrong)


def _knights(world: Placing) -> str:
    return ", ".join(name for name in sorted(world) if world[name])


def _pet_owners(dice: Dice) -> Iterator[Task]:
    for number in range(30):
        names, pets = sorted(dice.several(PEOPLE, 4)), sorted(dice.several(PETS, 4))
        worlds = [dict(zip(names, order, strict=True)) for order in permutations(range(4))]
        truth = dice.one_of(worlds)
        chosen = narrowed(dice, worlds, truth, list(pet_clues(names, pets)))
        if chosen is None:
            continue
        asked = dice.one_of(names)
        question = (
            f"{', '.join(names)} own one pet each: a {', a '.join(pets)}. "
            f"{' '.join(clue.text for clue in chosen)} Which pet does {asked} own?"
        )
        wrong = [pet for pet in pets if pet != pets[truth[asked]]]
        yield _task("pets", f"{number}-{'-'.join(names).lower()}", 3, question, pets[truth[asked]], wrong)
