"""Checks the token with which a provider says who somebody is. The one module that needs Authlib."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from authlib.oidc.core import CodeIDToken  # type: ignore[import-untyped]
from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey

Keys = Sequence[Mapping[str, Any]]
Key = RSAKey | ECKey
ALGORITHMS: Final = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512")
"""Those with a key that only the provider has: never `none`, and none with a shared secret."""
LEEWAY_S: Final = 60
LONGEST: Final = 50_000
_KINDS: Final[Mapping[str, type[Key]]] = {"RSA": RSAKey, "EC": ECKey}


class BadToken(Exception):
    """It proves nothing; the message says why, and has nothing of the token in it."""


class UnknownKey(BadToken):
    """None of the provider's keys has signed it; there may be newer ones."""


@dataclass(frozen=True, slots=True)
class Expected:
    """What the token has to say."""

    issuer: str
    client_id: str
    nonce: str = field(repr=False)
    access_token: str | None = field(default=None, repr=False)


def claims_of(token: str, keys: Keys, expected: Expected) -> Mapping[str, Any]:
    """What a token says, once its signature and all that it has to say are as expected; raises BadToken."""
    if len(token) > LONGEST or not token.isascii():
        raise BadToken("the token is too long, or no text of a token")
    try:
        found = _signed(token, keys)
        values: dict[str, Any] = {
            "iss": {"essential": True, "value": expected.issuer},
            "aud": {"essential": True, "value": expected.client_id},
            "exp": {"essential": True},
        }
        told = {"nonce": expected.nonce, "client_id": expected.client_id, "access_token": expected.access_token}
        CodeIDToken(found.claims, found.header, values, told).validate(leeway=LEEWAY_S)
    except (JoseError, ValueError, TypeError) as error:
        claim = getattr(error, "claim", None)
        raise BadToken(f"{type(error).__name__}{f' ({claim})' if isinstance(claim, str) else ''}") from None
    if not isinstance(found.claims.get("sub"), str):
        raise BadToken("the subject is no text")
    return found.claims


def _signed(token: str, keys: Keys) -> jwt.Token:
    header = jws.extract_compact(token.encode()).headers()
    if header.get("alg") not in ALGORITHMS:
        raise BadToken("it is not signed with a key that only the provider has")
    named = header.get("kid")
    for key in _usable(keys, named):
        try:
            return jwt.decode(token, key, algorithms=list(ALGORITHMS))
        except (JoseError, ValueError):
            continue
    raise UnknownKey("no key of the provider fits its signature")


def _usable(keys: Keys, named: object) -> Iterator[Key]:
    """Public keys for signatures; that of the name, where the token has one."""
    for key in keys:
        kind = _KINDS.get(str(key.get("kty")))
        if kind is None or key.get("use", "sig") != "sig" or (named is not None and key.get("kid", named) != named):
            continue
        try:
            yield kind.import_key(dict(key))
        except (JoseError, ValueError, KeyError):
            continue
