"""What models write while they write it: the last of it, for whoever watches. Not kept; the finished step is."""

from dataclasses import dataclass, field
from typing import Final

from orchestrator.bill import Heard
from orchestrator.model_call import CallRole

MOST_HEARD: Final = 4_000
"""Characters of a text that are held while it grows."""


@dataclass(frozen=True, slots=True)
class Writing:
    """What one model has written of its call so far; of each text the last `MOST_HEARD` characters."""

    role: CallRole
    alias: str | None
    """`None` for the orchestrator."""
    thinking: str
    reply: str


@dataclass(slots=True)
class _Tail:
    """The end of a text that grows piece by piece; each piece costs the same, however long the text."""

    pieces: list[str] = field(default_factory=list)
    length: int = 0

    def add(self, piece: str) -> None:
        piece = piece[-MOST_HEARD:]
        if not piece:
            return
        self.pieces.append(piece)
        self.length += len(piece)
        if self.length > 2 * MOST_HEARD:
            self.pieces = [self.text]
            self.length = MOST_HEARD

    @property
    def text(self) -> str:
        return "".join(self.pieces)[-MOST_HEARD:]


@dataclass(slots=True)
class _Hearing:
    """One model being heard."""

    role: CallRole
    alias: str | None
    thinking: _Tail = field(default_factory=_Tail)
    reply: _Tail = field(default_factory=_Tail)

    @property
    def writing(self) -> Writing:
        return Writing(self.role, self.alias, self.thinking.text, self.reply.text)


@dataclass(slots=True)
class Ear:
    """Hears the models of one step. The orchestrator's words stay; of the others only the latest one's."""

    _orchestrator: _Hearing | None = None
    _other: _Hearing | None = None

    def hear(self, heard: Heard) -> None:
        """Take in a piece; a `fresh` one takes back what the failed attempt before it said."""
        hearing = self._of(heard)
        if heard.fresh:
            hearing.thinking, hearing.reply = _Tail(), _Tail()
        (hearing.thinking if heard.thinking else hearing.reply).add(heard.piece)

    def forget(self) -> None:
        """The step is kept, or nothing more will come of it."""
        self._orchestrator = self._other = None

    @property
    def writings(self) -> tuple[Writing, ...]:
        """Who has been heard, the orchestrator first."""
        return tuple(hearing.writing for hearing in (self._orchestrator, self._other) if hearing is not None)

    def _of(self, heard: Heard) -> _Hearing:
        if heard.role is CallRole.ORCHESTRATOR:
            if self._orchestrator is None:
                self._orchestrator = _Hearing(heard.role, heard.alias)
            return self._orchestrator
        if self._other is None or (self._other.role, self._other.alias) != (heard.role, heard.alias):
            self._other = _Hearing(heard.role, heard.alias)
        return self._other
