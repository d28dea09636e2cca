"""Whoever serves the models here: how busy they are, the licence of the orchestrator, notices for people."""

import asyncio
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import PurePath

import httpx

from orchestrator.breaker import Breaker
from orchestrator.policies.spec import KEY_ENV, without_profile
from orchestrator.pool import Endpoint, Pool
from orchestrator.transport import PooledTransport
from webapp.licence import Licence, licence_of
from webapp.server_watch import ServerLook, ServerWatch


@dataclass(frozen=True, slots=True)
class ServerRole:
    """A server that is looked at, and what it is for."""

    endpoint: Endpoint
    model: str
    """The one whose numbers are told."""
    aliases: tuple[str, ...] = ()
    """Whom its models serve; empty for the orchestrator's own."""

    @property
    def of_policy(self) -> bool:
        """Whether the orchestrator runs on it."""
        return not self.aliases


@dataclass(frozen=True, slots=True)
class ServerNow:
    """A server and how it is now."""

    role: ServerRole
    look: ServerLook | None
    breaker: Breaker | None = None


@dataclass(frozen=True, slots=True)
class ServingNow:
    """All that is worth telling of the serving side now."""

    policy: str
    servers: tuple[ServerNow, ...]
    licence: Licence | None = None
    notices: tuple[str, ...] = ()


@dataclass(slots=True)
class Serving:
    """Looks at the servers of the policy and of the pool's own models, only while somebody asks.

    `policy` and `pool` tell what is in use now; `notices` are lines for the person at the page, such as that the pool
    file cannot be read; `breaker` finds the circuit breaker that the runs use for an endpoint.
    """

    policy: Callable[[], str]
    pool: Callable[[], Pool]
    notices: Callable[[], Sequence[str]] = tuple
    breaker: Callable[[Endpoint], Breaker] | None = None
    transport: httpx.AsyncBaseTransport = field(default_factory=PooledTransport)
    """Its own, so that nothing here waits for a run, or a run for it; closed with this."""
    _watches: dict[tuple[Endpoint, str], ServerWatch] = field(default_factory=dict)

    async def now(self) -> ServingNow:
        """How everything is, not older than some seconds. Takes two seconds at most."""
        policy, roles = self.policy(), self._roles()
        looks = await asyncio.gather(*(self._watch(role).look() for role in roles))
        servers = tuple(
            ServerNow(role, look, self.breaker(role.endpoint) if self.breaker is not None else None)
            for role, look in zip(roles, looks, strict=True)
        )
        return ServingNow(policy, servers, _licence(policy, servers), tuple(self.notices()))

    async def licence(self) -> Licence | None:
        """Terms of the orchestrator's model; asks its server what it really is. Takes two seconds at most."""
        role = self._of_policy()
        servers = () if role is None else (ServerNow(role, await self._watch(role).look()),)
        return _licence(self.policy(), servers)

    @property
    def model(self) -> str | None:
        """The orchestrator's model where it runs on a server."""
        role = self._of_policy()
        return None if role is None else role.model

    async def aclose(self) -> None:
        """Break off every look and close the connections."""
        await asyncio.gather(*(watch.aclose() for watch in self._watches.values()))
        await self.transport.aclose()

    def _watch(self, role: ServerRole) -> ServerWatch:
        key = (role.endpoint, role.model)
        if key not in self._watches:
            self._watches[key] = ServerWatch(*key, self.transport)
        return self._watches[key]

    def _roles(self) -> list[ServerRole]:
        own = self._of_policy()
        found: dict[Endpoint, ServerRole] = {}
        for entry in self.pool().entries:
            if entry.endpoint is not None and entry.self_hosted:
                before = found.get(entry.endpoint, ServerRole(entry.endpoint, entry.model))
                found[entry.endpoint] = ServerRole(before.endpoint, before.model, (*before.aliases, entry.alias))
        return [*([own] if own is not None else []), *found.values()]

    def _of_policy(self) -> ServerRole | None:
        form, _, rest = without_profile(self.policy()).partition(":")
        address, _, model = rest.partition("#")
        if form != "openai" or not model:
            return None
        described = self.pool().orchestrator
        if described is not None and described.served.endpoint.base_url == address:
            return ServerRole(described.served.endpoint, model)
        return ServerRole(Endpoint(address, KEY_ENV if os.environ.get(KEY_ENV) else None), model)


def _licence(policy: str, servers: Sequence[ServerNow]) -> Licence | None:
    form, _, rest = without_profile(policy).partition(":")
    if form == "transformers":
        return licence_of([PurePath(rest).name, rest])
    roots = [one.look.root for one in servers if one.role.of_policy and one.look is not None]
    return licence_of([rest.partition("#")[2], *roots]) if form == "openai" else None
