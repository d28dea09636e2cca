"""From a SPEC to a policy."""

import os
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from orchestrator.chat import ChatClients
from orchestrator.embedded.checkpoint import checkpoint_at
from orchestrator.policies.embedded import EmbeddedPolicy
from orchestrator.policies.fixed import FixedPolicy
from orchestrator.policies.in_process import InProcessPolicy
from orchestrator.policies.local_model import LocalModels
from orchestrator.policies.nearest import NearestPolicy
from orchestrator.policies.remote import RemotePolicy
from orchestrator.policies.uniform import UniformPolicy
from orchestrator.policy import Policy
from orchestrator.pool import Endpoint, Orchestrator, Pool, ServedModel
from orchestrator.pool_file import checked_address
from orchestrator.priced_model import PricedModel
from orchestrator.prices import PriceBook, priced
from orchestrator.profile import DEFAULT, PromptProfile, profile
from orchestrator.tokenizer_choice import tokenizer_for

FORMS: Final = (
    "embedded (the small model that comes with Podium), or embedded:FOLDER of another checkpoint like it",
    "random",
    "fixed:ALIAS,ALIAS,… such as fixed:search-1,reasoner-1,answer-1",
    "nearest (by rule, as the most similar rehearsal question needs)",
    "openai:URL#model such as openai:http://127.0.0.1:8001/v1#orchestrator",
    "transformers:PATH of a folder with a model (needs the extra `local`)",
)
"""The forms that a SPEC can have here. Behind the last two may stand `;profile=NAME`, a prompt profile."""
KEY_ENV: Final = "PODIUM_POLICY_API_KEY"
"""The environment variable with the key of an `openai:` policy. Where it is not set, no key is sent."""
_PROFILE: Final = ";profile="


class BadSpec(ValueError):
    """A SPEC that names no policy; the message says which forms there are."""


def without_profile(spec: str) -> str:
    """The SPEC without its prompt profile, and its URL without a slash at its end."""
    base = spec.strip().partition(_PROFILE)[0].strip()
    url, mark, model = base.partition("#")
    return f"{url.strip().rstrip('/')}#{model.strip()}" if mark else base


def explicit(kept: str) -> str:
    """A kept SPEC with its prompt profile. A record without one means the default, however this process was started."""
    if not _takes_profile(kept):
        return kept
    return f"{without_profile(kept)}{_PROFILE}{kept.partition(_PROFILE)[2].strip() or DEFAULT}"


def needs_model(spec: str) -> bool:
    """Whether it calls an address or loads a model, so that only an operator may name it."""
    return _takes_profile(spec) or spec.strip().startswith("embedded:")


def _takes_profile(spec: str) -> bool:
    return spec.strip().partition(":")[0] in ("openai", "transformers")


@dataclass(frozen=True, slots=True)
class PolicyMaker:
    """Makes policies for one pool."""

    pool: Pool
    clients: ChatClients
    book: PriceBook | None = None
    models: LocalModels = field(default_factory=LocalModels)
    profile: str | None = None
    """Name of the prompt profile that a SPEC without one gets; `None`: the pool's, else the default one."""
    tokenizer: Path | None = None
    """Of the orchestrator; `None`: the pool's, else the server's."""

    @property
    def of_pool(self) -> str | None:
        """SPEC of the orchestrator that the pool names."""
        if self.pool.orchestrator is None:
            return None
        served = self.pool.orchestrator.served
        return f"openai:{served.endpoint.base_url}#{served.model}"

    def kept(self, spec: str) -> str:
        """The SPEC as records keep it: in one form, with its prompt profile unless that is the default.

        Raises ValueError for a form or a profile that does not exist; nobody is called and nothing is loaded.
        """
        if not _takes_profile(spec):
            return self.make(spec).spec
        base, of_pool = without_profile(spec), None
        if self.of_pool is not None and base == without_profile(self.of_pool) and self.pool.orchestrator is not None:
            of_pool = self.pool.orchestrator.profile
        name = self._profile(spec, of_pool).name
        return base if name == DEFAULT else f"{base}{_PROFILE}{name}"

    def make(self, spec: str) -> Policy:
        """The policy that a SPEC names; raises BadSpec, or another ValueError where its model or profile is missing."""
        form, _, rest = spec.strip().partition(":")
        match form:
            case "random" if not rest:
                return UniformPolicy()
            case "nearest" if not rest:
                return NearestPolicy()
            case "fixed":
                return _fixed(spec, rest)
            case "openai":
                return self._remote(spec)
            case "transformers":
                return self._in_process(spec)
            case _ if form.partition(";")[0] == "embedded":
                return self._embedded(spec.strip())
            case _:
                raise BadSpec(f"{spec!r} is no policy; choose one of: {_forms()}")

    def _remote(self, spec: str) -> Policy:
        url, _, model = without_profile(spec).removeprefix("openai:").partition("#")
        if not model:
            raise BadSpec(f"policy {spec!r} does not say which model: write openai:URL#model")
        try:
            address = checked_address(url)
        except ValueError as error:
            # Without the address itself, in which there may be a key.
            raise BadSpec(f"policy openai:URL#{model}: {error}") from error
        asked = self._asked(address, model)
        served, chosen = asked.served, self._profile(spec, asked.profile)
        tokenizer = tokenizer_for(asked, self.clients, served.endpoint, model)
        model_ = PricedModel(served, self.clients.of(served.endpoint), self.book)
        own = served.sampling if self._is_of_pool(address, model) else None
        return RemotePolicy(model_, self._shown, chosen, tokenizer, own)

    def _in_process(self, spec: str) -> Policy:
        path = without_profile(spec).removeprefix("transformers:").strip()
        if not path:
            raise BadSpec(f"policy {spec!r} does not say which folder: write transformers:PATH")
        return InProcessPolicy.of(self.models.of(path), self._shown, self._profile(spec, None))

    def _embedded(self, spec: str) -> Policy:
        if ";" in spec.partition(":")[0] or _PROFILE in spec:
            raise BadSpec(f"policy {spec!r}: this model reads a prompt of its own, so leave out the prompt profile")
        _, named, folder = spec.partition(":")
        if named and not folder.strip():
            raise BadSpec(f"policy {spec!r} does not say which folder: write embedded:FOLDER, or embedded alone")
        checkpoint = checkpoint_at(Path(folder.strip())) if named else checkpoint_at()
        return EmbeddedPolicy(checkpoint, self._shown)

    def _asked(self, address: str, model: str) -> Orchestrator:
        """How that model is asked: as the pool says where it names the same one."""
        named = self.pool.orchestrator
        if named is None or not self._is_of_pool(address, model):
            named = Orchestrator(ServedModel(model, Endpoint(address, KEY_ENV if os.environ.get(KEY_ENV) else None)))
        return named if self.tokenizer is None else replace(named, tokenizer=str(self.tokenizer))

    def _is_of_pool(self, address: str, model: str) -> bool:
        return self.of_pool == f"openai:{address}#{model}"

    def _profile(self, spec: str, of_pool: str | None) -> PromptProfile:
        return profile(spec.partition(_PROFILE)[2].strip() or self.profile or of_pool)

    @property
    def _shown(self) -> Pool:
        """The pool as the model is told of it, with every price that can be found."""
        return priced(self.pool, self.book, datetime.now(UTC))


def parse_spec(text: str, pool: Pool, clients: ChatClients, book: PriceBook | None = None) -> Policy:
    """The policy that a SPEC names; raises BadSpec."""
    return PolicyMaker(pool, clients, book).make(text)


def _fixed(spec: str, rest: str) -> Policy:
    try:
        return FixedPolicy([alias.strip() for alias in rest.split(",")] if rest.strip() else [])
    except ValueError as error:
        raise BadSpec(f"policy {spec!r}: {error}") from error


def _forms() -> str:
    return "; ".join(FORMS)
