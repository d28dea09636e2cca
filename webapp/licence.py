"""Terms that come with a model and that whoever uses it must know."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

_ORCHESTRATOR: Final = re.compile(r"orchestrator[-_ ]?8b(?![a-z])", re.IGNORECASE)
"""`nvidia/Orchestrator-8B`, `nvidia/Nemotron-Orchestrator-8B`, folders and conversions named after them."""


@dataclass(frozen=True, slots=True)
class Licence:
    """What a model may be used for, in words."""

    model: str
    """The last part of the name that it goes by."""
    title: str
    text: str
    address: str
    """Where its terms stand. Nothing is loaded from there."""

    @property
    def words(self) -> str:
        """All of it in one line."""
        return f"{self.title} {self.text} {self.address}"


def licence_of(names: Iterable[str | None]) -> Licence | None:
    """The terms of the model that goes by these names, as far as they are known here."""
    for name in names:
        if name and _ORCHESTRATOR.search(name):
            short = name.rstrip("/").rpartition("/")[2]
            return Licence(
                short,
                "Research and development only.",
                f"The orchestrator here is {short}. Its licence, the NVIDIA License, allows research and "
                "development and nothing else: no use in production, none for customers. Its terms stand at",
                "https://huggingface.co/nvidia/Nemotron-Orchestrator-8B",
            )
    return None
