"""What a browser keeps while somebody is away at the provider: a signed cookie, good for ten minutes and one return."""

import base64
import hashlib
import hmac
import json
import secrets
from dataclasses import asdict, dataclass, field
from typing import Final

LIFETIME_S: Final = 600
_LONGEST: Final = 4_000
_LONGEST_GOAL: Final = 1_000


@dataclass(frozen=True, slots=True)
class Journey:
    """One way to the provider and back."""

    goal: str
    """A path of this app to go on to."""
    begun_s: float
    """Seconds of the clock of the day, since 1970."""
    invitation: str | None = field(default=None, repr=False)
    """The secret of the invitation that is to be accepted."""
    state: str = field(default_factory=lambda: secrets.token_urlsafe(32), repr=False)
    """Comes back in the address: proves that this browser began."""
    nonce: str = field(default_factory=lambda: secrets.token_urlsafe(32), repr=False)
    """Comes back in the token: proves that the token was made for this journey."""
    verifier: str = field(default_factory=lambda: secrets.token_urlsafe(48), repr=False)
    """Of PKCE: proves that who exchanges the code is who began."""

    def sealed(self, key: str) -> str:
        """The value of the cookie. A goal that is too long for one becomes the first page."""
        values = asdict(self) | ({"goal": "/"} if len(self.goal) > _LONGEST_GOAL else {})
        body = base64.urlsafe_b64encode(json.dumps(values).encode()).decode()
        return f"{body}.{_seal(body, key)}"


def opened(value: str, key: str, now_s: float) -> Journey | None:
    """The journey of a cookie; `None` where it is not ours or too old."""
    body, dot, seal = value.partition(".")
    if not dot or len(value) > _LONGEST or not value.isascii() or not hmac.compare_digest(seal, _seal(body, key)):
        return None
    found = Journey(**json.loads(base64.urlsafe_b64decode(body)))
    return found if 0 <= now_s - found.begun_s <= LIFETIME_S else None


def _seal(body: str, key: str) -> str:
    return hmac.new(hashlib.sha256(f"podium oidc journey {key}".encode()).digest(), body.encode(), "sha256").hexdigest()
