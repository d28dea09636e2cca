"""Pseudonyms of annotators: one person has the same one in every file; without the key nobody finds the name."""

import hashlib
import hmac
import os
import re
import secrets
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

KEY_FILE: Final = "pseudonyms.key"
"""In the data folder, where PODIUM_SECRET is not set."""
_PSEUDONYM: Final = re.compile(r"anon-[0-9a-f]{16}|audience-[2-9A-Z]{8}-[2-9a-z]{8}|forgotten-[0-9a-f]{16}")
"""The second is what a phone of an audience is called from the start, the third who was forgotten: at random."""
_PURPOSE: Final = b"podium: pseudonyms of annotators"


class Pseudonyms:
    """Gives pseudonyms under one key."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._known: dict[str, str] = {}

    def of(self, annotator: str) -> str:
        """The pseudonym of an annotator: HMAC-SHA256 of the name, 64 bits of it. A pseudonym stays what it is."""
        known = self._known.get(annotator)
        if known is None:
            known = self._known[annotator] = self._made(annotator)
        return known

    def _made(self, annotator: str) -> str:
        if _PSEUDONYM.fullmatch(annotator):
            return annotator
        return f"anon-{hmac.new(self._key, annotator.encode(), hashlib.sha256).hexdigest()[:16]}"


def pseudonyms(data_dir: Path, environment: Mapping[str, str] = os.environ) -> Pseudonyms:
    """Pseudonyms under PODIUM_SECRET, else under a random key in the data folder, which is made if it is missing."""
    secret = environment.get("PODIUM_SECRET", "")
    return Pseudonyms(hmac.digest(secret.encode(), _PURPOSE, "sha256") if secret else _kept_key(data_dir / KEY_FILE))


def _kept_key(file: Path) -> bytes:
    """The key in a file that only its owner reads."""
    file.parent.mkdir(parents=True, exist_ok=True)
    partial = file.with_name(f"{file.name}.{secrets.token_hex(8)}")
    if not file.exists():
        # Written aside and linked: of two that come first at once, one wins and both read a whole key.
        partial.touch(mode=0o600)
        try:
            partial.write_text(secrets.token_hex(32), encoding="ascii")
            with suppress(FileExistsError):
                file.hardlink_to(partial)
        finally:
            partial.unlink()
    key = file.read_text(encoding="ascii").strip()
    if len(key) < 32:
        raise ValueError(f"{file} holds no key: delete it to get new pseudonyms, or set PODIUM_SECRET")
    return key.encode()
