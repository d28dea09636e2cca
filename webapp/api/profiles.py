"""Profiles over HTTP: named preference vectors with all their versions."""

from datetime import UTC, datetime
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from orchestrator.preference import PreferenceVector
from prefs.tuning.profile import Profile, dump_profile, dump_profile_yaml, load_profile, profile_json
from storage.errors import StoreMissing
from storage.profiles import Profiles, Wish
from webapp.api.here import Here
from webapp.api.problems import ERRORS
from webapp.profiles import check_name

routes = APIRouter(tags=["profiles"], responses=ERRORS)

AS_FILE: Final[dict[int | str, dict[str, Any]]] = {200: {"content": {"application/yaml": {}}}}
"""What else a profile may be described as."""


class NewProfile(BaseModel):
    """Body of `POST /profiles`: a name and P, or the `text` of a profile in JSON or YAML."""

    model_config = ConfigDict(extra="forbid")

    name: str | None = Field(
        None, description="Of printable characters; may stand beside `text` and wins over its own."
    )
    preference: PreferenceVector | None = None
    why: str = Field("", max_length=2_000, description="What somebody would want to know before shipping it.")
    text: str | None = Field(None, max_length=100_000, description="As `GET /profiles/{name}?format=yaml` gives it.")

    def wish(self) -> Wish:
        """What is to be saved; raises ValueError."""
        if self.text is not None:
            if self.preference is not None:
                raise ValueError("give either `text` or `preference`: which of the two weights is meant?")
            read = load_profile(self.text)
            return Wish(check_name((self.name or read.name).strip()), read.preference, self.why or read.why)
        if self.name is None or self.preference is None:
            raise ValueError("a profile needs a name and a preference, or the text of one")
        return Wish(check_name(self.name.strip()), self.preference, self.why)


class Deleted(BaseModel):
    """Body of `POST /profiles/restored`."""

    model_config = ConfigDict(extra="forbid")

    name: str


@routes.get("/profiles")
def all_of_them(here: Here) -> dict[str, Any]:
    """The newest version of every profile, by name."""
    return {"profiles": [profile_json(one) for one in Profiles(here.store).newest()]}


@routes.post("/profiles", status_code=201)
async def save(body: NewProfile, here: Here) -> dict[str, Any]:
    """Save the next version of a name; the same weights and reason again give the version that is there."""
    return profile_json(await Profiles(here.store).save(body.wish(), datetime.now(UTC)))


@routes.post("/profiles/restored")
async def restore(body: Deleted, here: Here) -> dict[str, Any]:
    """Undo the last deletion of a name."""
    return profile_json(await Profiles(here.store).restore(body.name))


@routes.get("/profiles/{name:path}", response_model=None, responses=AS_FILE)
def look(
    name: str,
    here: Here,
    version: Annotated[int | None, Query(ge=1)] = None,
    form: Annotated[Literal["json", "yaml"] | None, Query(alias="format", description="A file to keep.")] = None,
) -> dict[str, Any] | Response:
    """A profile with all its versions, the newest first; with `format` one version as a file."""
    history = Profiles(here.store).history(name)
    found = next((one for one in history if version in (None, one.version)), None)
    if found is None:
        raise StoreMissing(f"there is no profile {name[:100]!r}{'' if version is None else f' in version {version}'}")
    if form is None:
        return {**profile_json(found), "versions": [profile_json(one) for one in history]}
    return _file(found, form)


@routes.delete("/profiles/{name:path}")
async def delete(name: str, here: Here) -> dict[str, Any]:
    """Delete a profile with all its versions; `POST /profiles/restored` brings it back."""
    return {"name": name, "versions": await Profiles(here.store).delete(name, datetime.now(UTC))}


def _file(found: Profile, form: str) -> Response:
    text = dump_profile_yaml(found) if form == "yaml" else f"{dump_profile(found)}\n"
    plain = "".join(one if one.isascii() and one.isalnum() else "-" for one in found.name).strip("-") or "profile"
    headers = {"Content-Disposition": f'attachment; filename="{plain}-{found.version}.{form}"'}
    media = "application/json" if form == "json" else "application/yaml"
    return Response(text.encode("utf-8", "replace"), media_type=media, headers=headers)
