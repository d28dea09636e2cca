"""Rule-based writer of Python for questions that are plain arithmetic. Recognises; never guesses."""

import ast
import re
from typing import Final

_FILLERS: Final = re.compile(
    r"\b(?:please|tell me|can you|could you|what is|what's|what are|how much is|how much are|how many is|calculate|"
    r"compute|evaluate|work out|find|solve|the|result|value|answer|of|exactly|equal to|equals|to me|for me|and)\b"
)
_WORDS: Final = (
    (r"(?:divided by)|÷|:(?=\s*\d)", "/"),
    (r"(?:multiplied by)|\btimes\b|×|·", "*"),
    (r"\bplus\b|\badded to\b", "+"),
    (r"\bminus\b|−|–", "-"),
    (r"\bto the power of\b|\bto the power\b|\^", "**"),
    (r"\bsquared\b", "** 2"),
    (r"\bcubed\b", "** 3"),
    (r"\bpercent\b|\bper cent\b", "%"),
)
_NUMBER: Final = r"\d+(?:\.\d+)?"
_GROUP: Final = rf"(?:{_NUMBER}|\([^()]*\))"
_ROOTS: Final = (
    (rf"square root of\s*({_GROUP})", r"(\1) ** (1/2)"),
    (rf"cube root of\s*({_GROUP})", r"(\1) ** (1/3)"),
    (rf"({_NUMBER})\s*% of\s*({_GROUP})", r"(\1 * \2 / 100)"),
    (rf"({_NUMBER})\s*%(?!\s*\d)", r"(\1 / 100)"),
)
_DATE: Final = re.compile(r"\d{4}-\d{1,2}-\d{1,2}|\d{1,2}/\d{1,2}/\d{2,4}|\d{3,}-\d{3,}-\d{3,}")
_LONGEST: Final = 300
_LARGEST_EXPONENT: Final = 1000


def program_for(question: str) -> str | None:
    """Python that prints the answer, or None unless the whole question is one calculation without units."""
    if len(question) > _LONGEST or _DATE.search(question):
        return None
    expression = _expression(question)
    tree = _parsed(expression)
    if tree is None or not _harmless(tree) or not any(isinstance(node, ast.BinOp) for node in ast.walk(tree)):
        return None
    return (
        f"x = {ast.unparse(tree)}\n"
        "if isinstance(x, float):\n"
        "    x = round(x, 10)\n"
        "    if x == int(x):\n"
        "        x = int(x)\n"
        "print(x)"
    )


def _expression(question: str) -> str:
    text = re.sub(r"(?<=\d),(?=\d{3}(?!\d))", "", question.casefold().replace("’", "'")).replace(",", " ")
    for pattern, symbol in _WORDS:
        text = re.sub(pattern, f" {symbol} " if symbol != "%" else symbol, text)
    text = re.sub(r"\s*%", "%", text)
    for pattern, form in _ROOTS:
        text = re.sub(pattern, form, text)
    return _FILLERS.sub(" ", text).strip(" \t\n?.!=:")


def _parsed(expression: str) -> ast.Expression | None:
    if not re.fullmatch(r"[\d\s.+\-*/()]+", expression):
        return None
    try:
        return ast.parse(" ".join(expression.split()), mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _harmless(tree: ast.Expression) -> bool:
    """Whether it is made of numbers and the five operations, without towers of powers or huge exponents."""
    allowed = (
        ast.Expression, ast.BinOp, ast.UnaryOp, ast.Constant, ast.Add, ast.Sub, ast.Mult, ast.Div, ast.FloorDiv,
        ast.Pow, ast.USub, ast.UAdd,
    )  # fmt: skip
    return all(isinstance(node, allowed) and not _huge_power(node) for node in ast.walk(tree))


def _huge_power(node: ast.AST) -> bool:
    if not (isinstance(node, ast.BinOp) and isinstance(node.op, ast.Pow)):
        return False
    numbers = [part.value for part in ast.walk(node.right) if isinstance(part, ast.Constant)]
    towers = any(isinstance(part, ast.Pow) for part in ast.walk(node.right))
    return towers or any(isinstance(number, int | float) and number > _LARGEST_EXPONENT for number in numbers)
