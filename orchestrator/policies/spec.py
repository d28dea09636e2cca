"""From a SPEC to a policy."""

import os
from datetime import UTC, datetime
from typing import Final

from orchestrator.chat import ChatClients
from orchestrator.policies.fixed import FixedPolicy
from orchestrator.policies.remote import RemotePolicy
from orchestrator.policies.uniform import UniformPolicy
from orchestrator.policy import Policy
from orchestrator.pool import Endpoint, Pool
from orchestrator.pool_file import checked_address
from orchestrator.priced_model import PricedModel
from orchestrator.prices import PriceBook, priced

FORMS: Final = (
    "random",
    "fixed:ALIAS,ALIAS,… such as fixed:search-1,reasoner-1,answer-1",
    "openai:URL#model such as openai:http://127.0.0.1:8001/v1#orchestrator",
)
"""The forms that a SPEC can have here."""
KEY_ENV: Final = "PODIUM_POLICY_API_KEY"
"""The environment variable with the key of an `openai:` policy. Where it is not set, no key is sent."""


class BadSpec(ValueError):
    """A SPEC that names no policy; the message says which forms there are."""


def parse_spec(text: str, pool: Pool, clients: ChatClients, book: PriceBook | None = None) -> Policy:
    """The policy that a SPEC names; raises BadSpec."""
    form, _, rest = text.strip().partition(":")
    match form:
        case "random" if not rest:
            return UniformPolicy()
        case "fixed":
            return _fixed(text, rest)
        case "openai":
            return _remote(text, rest, pool, clients, book)
        case "embedded" | "transformers":
            raise BadSpec(f"the policy {form!r} is not part of this version; choose one of: {_forms()}")
        case _:
            raise BadSpec(f"{text!r} is no policy; choose one of: {_forms()}")


def _fixed(text: str, rest: str) -> Policy:
    try:
        return FixedPolicy([alias.strip() for alias in rest.split(",")] if rest.strip() else [])
    except ValueError as error:
        raise BadSpec(f"policy {text!r}: {error}") from error


def _remote(text: str, rest: str, pool: Pool, clients: ChatClients, book: PriceBook | None) -> Policy:
    url, _, model = rest.partition("#")
    if not model.strip():
        raise BadSpec(f"policy {text!r} does not say which model: write openai:URL#model")
    try:
        address = checked_address(url.strip())
    except ValueError as error:
        raise BadSpec(f"policy {text!r}: {error}") from error
    endpoint = Endpoint(address, KEY_ENV if os.environ.get(KEY_ENV) else None)
    asked = PricedModel(model.strip(), clients.of(endpoint), book=book)
    return RemotePolicy(asked, priced(pool, book, datetime.now(UTC)))


def _forms() -> str:
    return "; ".join(FORMS)
