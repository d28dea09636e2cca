"""The table of doors: what every address of the app asks of whoever comes. What is not in it is refused.

Roles stand by name and not in order: who ranks blind must not see the trajectories that a viewer may.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from storage.accounts.account import Role
from webapp.access.user import SessionUser

ALL: Final = frozenset(Role)
LOOKERS: Final = ALL - {Role.ANNOTATOR}
RANKERS: Final = ALL - {Role.VIEWER}
AUTHORS: Final = frozenset({Role.AUTHOR, Role.ADMIN})
ADMINS: Final = frozenset({Role.ADMIN})
ANY_SCOPE: Final = "*"
"""Every token gets in, whatever it is for."""


@dataclass(frozen=True, slots=True)
class Need:
    """What a door asks."""

    roles: frozenset[Role] | None = None
    """One of these; `None`: it is open to strangers."""
    scope: str | None = None
    """Of a token; `None`: tokens do not get in here, unless it is open."""
    page: bool = False
    """Whether a person's browser shows it: strangers are led to the login."""
    stream: bool = False
    """Whether its reply goes on until somebody ends it, so that the end of the session must."""
    plain: bool = False
    """Whether its body may hold no file: Gradio would read or fetch what it names."""
    unknown: bool = False
    """Whether it is not even found out who comes."""
    local: bool = False
    """Whether a program on the same machine gets in without an account."""

    def lets_in(self, user: SessionUser | None) -> bool:
        """Whether this person or program may pass."""
        if self.roles is None:
            return True
        if user is None or user.role not in self.roles:
            return False
        return user.scopes is None or self.scope == ANY_SCOPE or self.scope in user.scopes

    @property
    def words(self) -> str:
        """The roles that may, for people: `viewer, author or admin`."""
        names = [role.value for role in Role if role in (self.roles or ALL)]
        return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"


@dataclass(frozen=True, slots=True)
class Door:
    """One line of the table."""

    method: str
    template: str
    need: Need


_TABLE: Final[tuple[tuple[Need, str], ...]] = (
    # Everybody, also strangers.
    (Need(unknown=True), "GET /healthz | GET /assets/{file} | GET /favicon.ico | GET /join/{code}"),
    (Need(unknown=True), "POST /join/{code}/seat | POST /join/{code}/ranking"),
    (Need(), "GET /readyz | GET /login | POST /login | GET /invitation/{secret} | POST /invitation/{secret}"),
    (Need(), "GET /login/oidc | GET /login/oidc/callback | GET /invitation/{secret}/oidc"),
    (Need(ADMINS, "metrics", local=True), "GET /metrics"),
    # Whoever has an account.
    (Need(ALL, page=True), "GET / | GET /account"),
    (Need(ALL), "POST /logout | POST /logout-everywhere | POST /account/password"),
    (Need(ALL), "POST /account/tokens | POST /account/tokens/{token_id}/revoke"),
    (Need(ALL, "read"), "GET /openapi.json"),
    (Need(ALL, ANY_SCOPE), "GET /api/v1/me"),
    # What is kept of oneself: a token does not do, and an admin alone may have others forgotten.
    (Need(ALL), "GET /api/v1/me/data | POST /api/v1/me/forget | POST /account/forget"),
    # Looking at what was run.
    (Need(LOOKERS, page=True), "GET /stage | GET /tune | GET /runs | GET /ui | GET /ui/"),
    (Need(LOOKERS), "GET /ui/config | GET /ui/theme.css | GET /ui/assets/{path:path} | GET /ui/static/{path:path}"),
    (Need(LOOKERS), "GET /ui/gradio_api/app_id | GET /ui/gradio_api/startup-events | POST /ui/gradio_api/cancel"),
    (Need(LOOKERS), "GET /ui/manifest.json"),
    (Need(LOOKERS, plain=True), "POST /ui/gradio_api/queue/join | POST /ui/gradio_api/run/predict"),
    (Need(LOOKERS, stream=True), "GET /ui/gradio_api/queue/data"),
    (
        Need(LOOKERS, "read", stream=True),
        "GET /api/v1/runs/{run_id}/events | GET /api/v1/audiences/{audience_id}/events",
    ),
    (Need(LOOKERS, "read"), "GET /api/v1/runs/{run_id} | GET /api/v1/runs/{run_id}/ballot"),
    (Need(LOOKERS, "read"), "GET /api/v1/runs/{run_id}/talk | GET /api/v1/runs/{run_id}/leave-behind"),
    (Need(LOOKERS, "read"), "GET /api/v1/talks | GET /api/v1/showcases/{name}/talk"),
    (Need(LOOKERS, "read"), "GET /api/v1/showcases/{name}/leave-behind | GET /api/v1/serving"),
    (Need(LOOKERS, "read"), "GET /api/v1/trajectories/{trajectory_id} | GET /api/v1/trajectories/{trajectory_id}/view"),
    (Need(LOOKERS, "read"), "GET /api/v1/trajectories/{trajectory_id}/spent"),
    (Need(LOOKERS, "read"), "GET /api/v1/trajectories/{trajectory_id}/fork/offers"),
    (Need(LOOKERS, "read"), "POST /api/v1/trajectories/{trajectory_id}/fork/estimate"),
    (Need(LOOKERS, "read"), "GET /api/v1/texts/{address} | GET /api/v1/difference | GET /api/v1/comparison"),
    (Need(LOOKERS, "read"), "GET /api/v1/search | GET /api/v1/search/count | GET /api/v1/search/figures"),
    (Need(LOOKERS, "read"), "GET /api/v1/search/choices | GET /api/v1/search/records"),
    (Need(LOOKERS, "read"), "GET /api/v1/audiences | GET /api/v1/audiences/{audience_id}"),
    (Need(LOOKERS, "read"), "GET /api/v1/preferences/fit | GET /api/v1/preferences/now | POST /api/v1/reward"),
    (Need(LOOKERS, "read"), "GET /api/v1/profiles | GET /api/v1/profiles/{name:path}"),
    (Need(LOOKERS, "read"), "GET /api/v1/tuning | POST /api/v1/tuning/winners | POST /api/v1/tuning/flips"),
    (Need(LOOKERS, "read"), "POST /api/v1/tuning/front | POST /api/v1/tuning/forecast | POST /api/v1/tuning/routes"),
    (Need(LOOKERS, "read"), "GET /api/v1/tuning/revealed | GET /api/v1/tuning/prices | POST /api/v1/tuning/repricing"),
    # Ranking. Whether a ballot was given to the caller is asked by the route itself.
    (Need(RANKERS, page=True), "GET /rank"),
    (
        Need(RANKERS, "rank"),
        "GET /api/v1/studies | GET /api/v1/studies/{study_id}",
    ),
    (Need(RANKERS, "rank"), "GET /api/v1/studies/{study_id}/assignments/{ballot_id}"),
    (Need(RANKERS, "rank"), "POST /api/v1/studies/{study_id}/assignments/{ballot_id}/skip"),
    (Need(RANKERS, "rank"), "POST /api/v1/studies/{study_id}/assignments/{ballot_id}/flag"),
    (Need(RANKERS, "rank"), "POST /api/v1/studies/{study_id}/assignments/{ballot_id}/release"),
    (Need(RANKERS, "rank"), "POST /api/v1/studies/{study_id}/assignments/{ballot_id}/take"),
    (Need(RANKERS, "rank"), "GET /api/v1/studies/{study_id}/next | GET /api/v1/studies/{study_id}/queue"),
    (Need(RANKERS, "rank"), "GET /api/v1/studies/{study_id}/progress"),
    (Need(RANKERS, "rank"), "GET /api/v1/ballots/{ballot_id}/view | POST /api/v1/ballots/{ballot_id}/rankings"),
    (Need(AUTHORS, "rank"), "GET /api/v1/ballots/next | GET /api/v1/ballots/{ballot_id}"),
    # Spending, and what others are asked.
    (Need(AUTHORS, "run"), "POST /api/v1/runs | POST /api/v1/runs/{run_id}/cancel"),
    (Need(AUTHORS, "run"), "POST /api/v1/trajectories/{trajectory_id}/fork"),
    (Need(AUTHORS, "run"), "POST /api/v1/trajectories/{trajectory_id}/resume"),
    (Need(AUTHORS, "export"), "GET /api/v1/export/{kind}"),
    (Need(AUTHORS, "study"), "GET /api/v1/studies/{study_id}/willingness | GET /api/v1/studies/{study_id}/flags"),
    (Need(AUTHORS, "study"), "POST /api/v1/ballots | POST /api/v1/studies | POST /api/v1/studies/{study_id}/close"),
    (Need(AUTHORS, "study"), "POST /api/v1/audiences | POST /api/v1/audiences/{audience_id}/close"),
    (Need(AUTHORS, "study"), "POST /api/v1/audiences/{audience_id}/extend | POST /api/v1/tuning/prices"),
    (Need(AUTHORS, "study"), "POST /api/v1/profiles | POST /api/v1/profiles/restored"),
    (Need(AUTHORS, "study"), "DELETE /api/v1/profiles/{name:path}"),
    (Need(LOOKERS, "read"), "GET /api/v1/spending | GET /api/v1/kill-switch"),
    # Keeping the house.
    (Need(ADMINS, "admin"), "GET /api/v1/limits | PUT /api/v1/limits | DELETE /api/v1/limits"),
    (Need(ADMINS, "admin"), "POST /api/v1/kill-switch | GET /api/v1/processes"),
    (Need(AUTHORS, page=True), "GET /accounts"),
    (Need(AUTHORS), "POST /accounts/invitations | POST /accounts/invitations/{invitation_id}/revoke"),
    (Need(ADMINS), "POST /accounts/{account_id}/role | POST /accounts/{account_id}/disabled"),
    (Need(ADMINS), "POST /accounts/kill-switch"),
    (Need(AUTHORS, "admin"), "GET /api/v1/accounts/invitations | POST /api/v1/accounts/invitations"),
    (Need(AUTHORS, "admin"), "DELETE /api/v1/accounts/invitations/{invitation_id}"),
    (Need(ADMINS, "admin"), "GET /api/v1/accounts | POST /api/v1/accounts/{account_id}/role | GET /api/v1/audit"),
    (Need(ADMINS, "admin"), "POST /api/v1/accounts/{account_id}/disable | POST /api/v1/accounts/{account_id}/enable"),
)


def _doors() -> Iterator[Door]:
    for need, lines in _TABLE:
        for line in lines.split(" | "):
            method, _, template = line.partition(" ")
            yield Door(method, template, need)


DOORS: Final[tuple[Door, ...]] = tuple(_doors())
"""Every line of the table."""
_PARAMETER: Final = re.compile(r"\{\w+(:path)?\}")


def _pattern(template: str) -> re.Pattern[str]:
    parts = _PARAMETER.split(template)
    # Split gives text and the converter in turn.
    turned = [
        re.escape(part or "") if number % 2 == 0 else (".*" if part else "[^/]+") for number, part in enumerate(parts)
    ]
    return re.compile("".join(turned), re.DOTALL)


def _by_pattern() -> Mapping[str, tuple[re.Pattern[str], dict[str, Door]]]:
    """Templates with their doors by method; those with fewer parameters, that is the more exact ones, come first."""
    found: dict[str, tuple[re.Pattern[str], dict[str, Door]]] = {}
    for door in sorted(DOORS, key=lambda one: (one.template.count(":path"), one.template.count("{"))):
        doors = found.setdefault(door.template, (_pattern(door.template), {}))[1]
        if door.method in doors:
            raise ValueError(f"{door.method} {door.template} is in the table of doors twice")
        doors[door.method] = door
    return found


_PATTERNS: Final = _by_pattern()


def door_of(method: str, path: str) -> Door | frozenset[str] | None:
    """The door of a request, the methods that its address has where this is none of them, or `None`: there is none."""
    wanted = "GET" if method == "HEAD" else method
    others: set[str] = set()
    for pattern, doors in _PATTERNS.values():
        if pattern.fullmatch(path):
            if wanted in doors:
                return doors[wanted]
            others |= doors.keys()
    return frozenset(others) if others else None


def opens(user: SessionUser | None, path: str) -> bool:
    """Whether this person may look at that path."""
    door = door_of("GET", path)
    return isinstance(door, Door) and door.need.lets_in(user)
