"""Arithmetic and algebra: percentages, equations, sums, divisors and remainders."""

import math
from collections.abc import Iterator
from fractions import Fraction

from orchestrator.rehearsal.chance import Dice
from orchestrator.rehearsal.tasks.task import PRINT_NUMBER, Task, decimal, near, plausible


def arithmetic() -> Iterator[Task]:
    """All tasks of the domain."""
    dice = Dice("arithmetic")
    yield from _percentages(dice)
    yield from _chains(dice)
    yield from _equations(dice)
    yield from _sums(dice)
    yield from _divisors(dice)
    yield from _remainders(dice)
    yield from _roots(dice)


def _task(name: str, difficulty: int, question: str, value: Fraction | int, program: str, phrase: str) -> Task:
    reference = decimal(value)
    return Task(
        f"arithmetic/{name}",
        "arithmetic",
        difficulty,
        question,
        reference,
        plausible(reference, near(value)),
        phrase,
        program=program,
        needs_program=difficulty > 1,
    )


def _percentages(dice: Dice) -> Iterator[Task]:
    pairs = [(17, 2340)] + [(dice.between(2, 95), dice.between(12, 990) * 10) for _ in range(34)]
    wordings = ("What is {p}% of {n:,}?", "Compute {p} percent of {n:,}.", "How much is {p}% of {n:,}?")
    for number, (p, n) in enumerate(dict.fromkeys(pairs)):
        question = wordings[number % 3].format(p=p, n=n)
        program = f"x = {p} * {n} / 100\n{PRINT_NUMBER}"
        yield _task(f"percent/{p}-{n}", 1, question, Fraction(p * n, 100), program, f"{p} percent of {n}")


def _chains(dice: Dice) -> Iterator[Task]:
    wordings = ("What is {e}?", "Calculate {e}.", "Work out {e}.")
    for number in range(30):
        a, b, c = dice.between(12, 99), dice.between(12, 99), dice.between(100, 999)
        expression = f"{a} * {b} + {c}" if number % 2 else f"{a * c} - {b} * {dice.between(3, 19)}"
        value = _evaluate(expression)
        question = wordings[number % 3].format(e=expression)
        yield _task(f"chain/{number}", 1, question, value, f"print({expression})", f"calculate {expression}")


def _evaluate(expression: str) -> int:
    """The value of a sum or difference whose parts are whole numbers or products of two."""
    total, sign = 0, 1
    for word in expression.replace(" * ", "*").split():
        if word in "+-":
            sign = 1 if word == "+" else -1
        else:
            total += sign * math.prod(int(factor) for factor in word.split("*"))
    return total


def _equations(dice: Dice) -> Iterator[Task]:
    wordings = (
        "Solve {a}x + {b} = {c} for x.",
        "Which number x satisfies {a}x + {b} = {c}?",
        "If {a}x + {b} = {c}, what is x?",
    )
    for number in range(27):
        a, x, b = dice.between(3, 29), dice.between(-40, 90), dice.between(1, 400)
        c = a * x + b
        program = f"x = ({c} - {b}) / {a}\n{PRINT_NUMBER}"
        question = wordings[number % 3].format(a=a, b=b, c=c)
        yield _task(f"linear/{a}-{b}-{c}", 2, question, x, program, "solve linear equation")


def _sums(dice: Dice) -> Iterator[Task]:
    for number in range(24):
        low, high = dice.between(1, 60), dice.between(80, 400)
        power = 1 + number % 3
        what = ("whole numbers", "squares of the whole numbers", "cubes of the whole numbers")[power - 1]
        question = f"What is the sum of the {what} from {low} to {high}, both included?"
        program = f"x = 0\nfor n in range({low}, {high} + 1):\n    x += n ** {power}\nprint(x)"
        value = sum(n**power for n in range(low, high + 1))
        name = f"sum/{low}-{high}-{power}"
        yield _task(name, 2 if power == 1 else 3, question, value, program, f"sum of {what} formula")


def _divisors(dice: Dice) -> Iterator[Task]:
    for number in range(24):
        common, a, b = dice.between(2, 40), dice.between(11, 60), dice.between(61, 120)
        a, b = a * common, b * common
        loop = f"a, b = {a}, {b}\nwhile b:\n    a, b = b, a % b\n"
        if number % 2:
            question = f"What is the greatest common divisor of {a:,} and {b:,}?"
            yield _task(f"gcd/{a}-{b}", 2, question, math.gcd(a, b), f"{loop}print(a)", "greatest common divisor")
        else:
            question = f"What is the least common multiple of {a:,} and {b:,}?"
            program = f"{loop}print({a} * {b} // a)"
            yield _task(f"lcm/{a}-{b}", 2, question, math.lcm(a, b), program, "least common multiple")


def _remainders(dice: Dice) -> Iterator[Task]:
    for _ in range(18):
        base, exponent, modulus = dice.between(3, 19), dice.between(20, 90), dice.between(50, 997)
        question = f"What remainder does {base}^{exponent} leave when it is divided by {modulus}?"
        name = f"remainder/{base}-{exponent}-{modulus}"
        program = f"print({base} ** {exponent} % {modulus})"
        yield _task(name, 3, question, pow(base, exponent, modulus), program, "modular exponentiation remainder")


def _roots(dice: Dice) -> Iterator[Task]:
    for _ in range(18):
        small, large = dice.between(-30, 10), dice.between(11, 45)
        b, c = small + large, small * large
        question = f"What is the larger solution of x^2 - ({b})x + ({c}) = 0?"
        program = (
            f"b, c = {b}, {c}\nd = b * b - 4 * c\nr = 0\nwhile r * r < d:\n    r += 1\nx = (b + r) / 2\n{PRINT_NUMBER}"
        )
        yield _task(f"quadratic/{small}-{large}", 3, question, large, program, "larger root of quadratic equation")
