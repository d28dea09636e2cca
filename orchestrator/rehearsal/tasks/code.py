"""Code and strings: letters, ciphers, number bases and what a short program prints."""

from collections.abc import Iterator

from orchestrator.rehearsal.chance import Dice
from orchestrator.rehearsal.tasks.task import Task, near, plausible

WORDS = (
    "orchestra", "mississippi", "philharmonic", "rehearsal", "committee", "bookkeeper", "assessment", "trumpet",
    "violoncello", "banana", "conductor", "symphony", "possession", "intermezzo", "crescendo", "balloon", "staccato",
    "accordion", "harpsichord", "metronome", "overture", "allegretto", "bassoon", "timpani", "glockenspiel", "sonatina",
)  # fmt: skip
LETTERS = "abcdefghijklmnopqrstuvwxyz"


def code() -> Iterator[Task]:
    """All tasks of the domain."""
    dice = Dice("code")
    yield from _letters()
    yield from _reversals(dice)
    yield from _ciphers(dice)
    yield from _bases(dice)
    yield from _loops(dice)
    yield from _collatz(dice)
    yield from _filters(dice)


def _task(name: str, difficulty: int, question: str, reference: str, wrong: list[str], program: str) -> Task:
    return Task(
        f"code/{name}",
        "code",
        difficulty,
        question,
        reference,
        plausible(reference, wrong),
        f"python {name.split('/', maxsplit=1)[0]}",
        program=program,
        needs_program=difficulty > 1,
    )


def _letters() -> Iterator[Task]:
    for word in WORDS:
        letter = max(word, key=lambda each: (word.count(each), each))
        times = word.count(letter)
        question = f'How many times does the letter "{letter}" occur in "{word}"?'
        program = f'print("{word}".count("{letter}"))'
        yield _task(
            f"letter-count/{word}", 1, question, str(times), [str(times + 1), str(times - 1), str(times + 2)], program
        )


def _reversals(dice: Dice) -> Iterator[Task]:
    for word in WORDS[:24]:
        other = dice.one_of(WORDS)
        text = f"{word} {other}"
        backwards = text[::-1]
        question = f'What is "{text}" written backwards?'
        wrong = [f"{word[::-1]} {other[::-1]}", f"{other} {word}", backwards[1:] + backwards[0]]
        yield _task(f"reverse/{word}-{other}", 1, question, backwards, wrong, f'print("{text}"[::-1])')


def _ciphers(dice: Dice) -> Iterator[Task]:
    for word in WORDS[:24]:
        shift = dice.between(2, 23)
        question = (
            f'Shift every letter of "{word}" forward by {shift} places in the alphabet, going on at "a" after "z". '
            "What comes out?"
        )
        program = f'out = ""\nfor c in "{word}":\n    out += chr((ord(c) - 97 + {shift}) % 26 + 97)\nprint(out)'
        wrong = [_shifted(word, shift + 1), _shifted(word, shift - 1), _shifted(word, -shift)]
        yield _task(f"caesar-cipher/{word}-{shift}", 2, question, _shifted(word, shift), wrong, program)


def _shifted(word: str, shift: int) -> str:
    return "".join(LETTERS[(LETTERS.index(letter) + shift) % 26] for letter in word)


def _bases(dice: Dice) -> Iterator[Task]:
    for number in range(24):
        base, name, form, low, high = ((8, "octal", "o", 130, 9999), (16, "hexadecimal", "x", 0xA00, 0xFFF))[number % 2]
        n = dice.between(low, high)
        question = f"How is the decimal number {n} written in {name}? Use lower case and no prefix."
        wrong = [f"{n + slip:{form}}" for slip in (1, -1, base, -base)]
        program = (
            f'n = {n}\nout = ""\nwhile n:\n    out = "0123456789abcdef"[n % {base}] + out\n    n //= {base}\nprint(out)'
        )
        yield _task(f"{name}-conversion/{n}", 2, question, f"{n:{form}}", wrong, program)


def _loops(dice: Dice) -> Iterator[Task]:
    for number in range(24):
        start, stop, step, modulus = dice.between(1, 20), dice.between(40, 120), dice.between(2, 9), dice.between(3, 11)
        program = (
            f"total = {start}\nfor i in range({start}, {stop}, {step}):\n    total += i * i % {modulus}\nprint(total)"
        )
        total = start + sum(i * i % modulus for i in range(start, stop, step))
        question = f"What does this Python program print?\n{program}"
        yield _task(f"loop-output/{number}", 2, question, str(total), near(total), program)


def _collatz(dice: Dice) -> Iterator[Task]:
    for n in sorted({dice.between(25, 900) for _ in range(20)}):
        steps, value = 0, n
        while value != 1:
            value = value // 2 if value % 2 == 0 else 3 * value + 1
            steps += 1
        question = (
            f"Start with {n}. If the number is even, halve it; otherwise multiply it by 3 and add 1. "
            "After how many such steps do you first reach 1?"
        )
        program = (
            f"n = {n}\nsteps = 0\nwhile n != 1:\n    if n % 2 == 0:\n        n = n // 2\n"
            "    else:\n        n = 3 * n + 1\n    steps += 1\nprint(steps)"
        )
        yield _task(f"collatz-steps/{n}", 3, question, str(steps), near(steps), program)


def _filters(dice: Dice) -> Iterator[Task]:
    for _ in range(22):
        low, high, a, b = dice.between(1, 400), dice.between(900, 4000), dice.between(3, 9), dice.between(10, 17)
        count = sum(n % a == 0 and n % b != 0 for n in range(low, high + 1))
        question = f"How many whole numbers from {low} to {high}, both included, are divisible by {a} but not by {b}?"
        program = (
            f"count = 0\nfor n in range({low}, {high} + 1):\n    if n % {a} == 0 and n % {b} != 0:\n"
            "        count += 1\nprint(count)"
        )
        name = f"count-divisible/{low}-{high}-{a}-{b}"
        yield _task(name, 3, question, str(count), near(count), program)
