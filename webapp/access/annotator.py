"""Whose rankings a request is about: with accounts the caller's own, and only an admin may name somebody else."""

from typing import Annotated

from fastapi import Depends, Query, Request

from storage.accounts.account import Role
from storage.accounts.account_rows import NotAllowed
from storage.store import Store
from storage.studies import Studies
from webapp.access.caller import user
from webapp.access.user import LOCAL, SessionUser


def annotator_of(asking: SessionUser, named: str | None) -> str:
    """The annotator's name; raises NotAllowed where it is somebody else's."""
    if asking.single:
        return named if named is not None else LOCAL
    if named is None or named == asking.name:
        return asking.name
    if asking.role is Role.ADMIN:
        return named
    raise NotAllowed(f"you rank as {asking.name!r}: leave the annotator out, or give that name")


def _of_query(
    request: Request,
    annotator: Annotated[str | None, Query(min_length=1, max_length=200, description="Left out: whoever asks.")] = None,
) -> str:
    return annotator_of(user(request), annotator)


def _user(request: Request) -> SessionUser:
    return user(request)


Asking = Annotated[SessionUser, Depends(_user)]
"""Who asks."""
Annotator = Annotated[str, Depends(_of_query)]
"""The annotator of a request that names one in its query, or leaves it out."""


def check_given(store: Store, asking: SessionUser, ballot_id: str, study_id: str | None = None) -> None:
    """Raises NotAllowed where somebody who ranks blind was not given that ballot.

    Who may look at everything may look at every ballot."""
    if asking.role is not Role.ANNOTATOR:
        return
    studies = Studies(store)
    given = [one.study for one in studies.of_ballot(ballot_id, asking.name)]
    if not given or (study_id is not None and study_id not in given):
        raise NotAllowed("you were not given this ballot; ask the study for your next one")
