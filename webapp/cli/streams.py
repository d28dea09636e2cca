"""What the command line writes, on its way to a terminal or a log: secrets are struck out, and names cannot steer it.

A terminal obeys control characters wherever they come from: a query or the name of a study could erase lines, recolour
what stands above, or fill the clipboard. Here they are shown as what they are, such as `\\x1b`. What goes to a file or
another program stays as it is, but for secrets on standard error.
"""

import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from typing import Any, Final, TextIO, cast

from webapp.operations.secrets import Secrets

_STEERING: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
"""Control characters but tab and the end of a line, and marks that turn the direction of what follows."""
_REWRITES: Final = re.compile(r"\A\r(?:\x1b\[K)?")
"""How a line of progress begins that is written over the one before."""
_ERASES: Final = "\x1b[K"


class Shown:
    """A stream that passes texts on, changed; all else is asked of the stream below."""

    def __init__(self, below: TextIO, change: Callable[[str], str]) -> None:
        self._below = below
        self._change = change

    def write(self, text: str) -> int:
        """Pass on; gives the length of what was given."""
        self._below.write(self._change(text))
        return len(text)

    def writelines(self, lines: Any) -> None:
        """Pass all of them on."""
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._below, name)


class Plainly:
    """Shows control characters as escapes. Progress may rewrite its own line, nothing else."""

    def __init__(self) -> None:
        self._own_line = True

    def __call__(self, text: str) -> str:
        """The text as it may be shown."""
        begins = _REWRITES.match(text) if self._own_line else None
        ends = begins is not None and text.endswith(_ERASES)
        inner = text[begins.end() if begins else 0 : len(text) - len(_ERASES) if ends and begins else len(text)]
        if text:
            self._own_line = begins is not None or text.endswith("\n")
        return (begins[0] if begins else "") + plainly(inner) + (_ERASES if ends else "")


def plainly(text: str) -> str:
    """The text with control characters as escapes."""
    return _STEERING.sub(lambda found: _escape(ord(found[0])), text)


def _escape(code: int) -> str:
    return f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}"


@contextmanager
def shown(secrets: Secrets) -> Iterator[None]:
    """Within the block standard output and standard error are like that."""
    out = _shown(sys.stdout, None)
    error = _shown(sys.stderr, secrets)
    with redirect_stdout(out), redirect_stderr(error):
        yield


def _shown(below: TextIO, secrets: Secrets | None) -> TextIO:
    changes: list[Callable[[str], str]] = [] if secrets is None else [secrets.struck]
    if below.isatty():
        changes.append(Plainly())
    if not changes:
        return below

    def change(text: str) -> str:
        for one in changes:
            text = one(text)
        return text

    return cast(TextIO, Shown(below, change))
