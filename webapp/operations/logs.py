"""What the server writes to standard error while it runs: lines for people, or JSON for a log collector.

Neither holds a query, an answer or a key: what happened is told by ids, names, counts, dollars and seconds.
"""

import json
import logging
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final

OWN: Final = ("webapp", "storage", "prefs", "orchestrator")
_ALWAYS: Final = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName", "color_message"}


class LogForm(StrEnum):
    """How lines look."""

    TEXT = "text"
    """For people: warnings and errors."""
    JSON = "json"
    """One object on each line, for machines: what happens to runs and servers, too."""


def configure(form: LogForm) -> None:
    """Have this process write its log in that form. What libraries say below a warning is left out."""
    handler = logging.StreamHandler()
    handler.setFormatter(_Json() if form is LogForm.JSON else _Text())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    for name in OWN:
        logging.getLogger(name).setLevel(logging.INFO if form is LogForm.JSON else logging.WARNING)


class _Json(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        """One object with the time, the level, who says it, the message and its fields."""
        said: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        said |= {name: value for name, value in vars(record).items() if name not in _ALWAYS}
        if record.exc_info:
            said["error"] = self.formatException(record.exc_info)
        return json.dumps(said, default=str)


class _Text(logging.Formatter):
    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")
