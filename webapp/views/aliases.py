"""Who is who on screen: each alias with its short code, its tool's shape and its model."""

from typing import Final, TypedDict

from orchestrator.pool import TOOL_OF, Pool, UnknownAlias

SHAPES: Final = {"search": "round", "enhance_reasoning": "square", "answer": "flag"}
"""Outline of a tool's badges, so that colour is never alone."""


class Who(TypedDict):
    """An alias as the islands draw it. `alias` is also the key of its colour."""

    alias: str
    code: str
    tool: str
    shape: str
    model: str | None
    simulated: bool


def code(alias: str) -> str:
    """Two characters that stand for an alias on a badge: `S2`, `R1`, `A3`, `M1` for `answer-math-1`."""
    if alias.startswith("answer-math-"):
        return f"M{alias[-1]}"
    name, _, number = alias.rpartition("-")
    return f"{name[:1].upper()}{number}" if name else alias[:2].upper()


def who(alias: str, pool: Pool) -> Who:
    """The alias as drawn; its model is `None` where this pool does not offer it."""
    try:
        entry = pool[alias]
    except UnknownAlias:
        model, simulated = None, False
    else:
        model, simulated = entry.model, entry.simulated
    tool = TOOL_OF.get(alias, "")
    return Who(
        alias=alias,
        code=code(alias),
        tool=tool,
        shape=SHAPES.get(tool, "round"),
        model=model,
        simulated=simulated,
    )
