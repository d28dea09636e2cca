"""Server-sent events, as model servers send them: bytes in, what each event says out."""

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ServerEvent:
    """One `data:` line and the name of its event."""

    name: str
    """Empty where none was given."""
    data: bytes


class ServerEvents:
    """Takes bytes as they come, cut anywhere. Each `data:` line is an event, since some servers leave no empty line."""

    def __init__(self) -> None:
        self._begun: list[bytes] = []
        """Parts of a line that has not ended."""
        self.begun_bytes = 0
        """Bytes of that line."""
        self._name = ""

    def take(self, piece: bytes) -> Iterator[ServerEvent]:
        """The events that end within this piece."""
        head, newline, rest = piece.partition(b"\n")
        self._begun.append(head)
        self.begun_bytes += len(head)
        if not newline:
            return
        lines = [b"".join(self._begun), *rest.split(b"\n")]
        last = lines.pop()
        self._begun, self.begun_bytes = [last], len(last)
        for line in lines:
            if (event := self._event(line)) is not None:
                yield event

    def end(self) -> Iterator[ServerEvent]:
        """The event of a last line that does not end."""
        line, self._begun, self.begun_bytes = b"".join(self._begun), [], 0
        if (event := self._event(line)) is not None:
            yield event

    def _event(self, line: bytes) -> ServerEvent | None:
        line = line.rstrip(b"\r")
        if line.startswith(b"data:"):
            data = line[5:].strip()
            return ServerEvent(self._name, data) if data else None
        if not line:
            self._name = ""
        elif line.startswith(b"event:"):
            self._name = line[6:].strip().decode("utf-8", "replace")
        return None
