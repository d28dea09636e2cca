"""Reward models in SQL: which checkpoint was made from what. Only the folder where it lies may change."""

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from pydantic import TypeAdapter, ValidationError
from sqlalchemy import Connection, insert, select, update

from prefs.neural.reward_model import RewardModel
from storage.errors import StoreConflict
from storage.records import RecordError
from storage.tables import REWARD_MODEL
from storage.trajectories import check_id

if TYPE_CHECKING:
    from storage.store import Store

FORMAT: Final = 1
"""Version of the record."""
_RECORD: Final = TypeAdapter(RewardModel)


def reward_model_json(model: RewardModel) -> dict[str, Any]:
    """The record of a reward model as JSON values."""
    return {"format": FORMAT, **_RECORD.dump_python(model, mode="json")}


def load_reward_model(record: str) -> RewardModel:
    """The reward model of a record; raises RecordError where it is malformed or of another Podium version."""
    try:
        read = json.loads(record)
        version = read.pop("format")
    except (ValueError, KeyError, AttributeError, TypeError) as error:
        raise RecordError(f"a reward model's record must be a JSON object with a format: {error}") from error
    if version != FORMAT:
        raise RecordError(f"a reward model's record has format {version}; this version reads {FORMAT}")
    try:
        return _RECORD.validate_python(read)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise RecordError(f"a reward model's record is wrong at {where}: {first['msg']}") from error


def register(connection: Connection, model: RewardModel) -> None:
    """Keep a reward model, or where its folder is now. Raises StoreConflict where its id means another one."""
    stored = find(connection, model.id)
    if stored == model:
        return
    if stored is not None and replace(stored, path=model.path) != model:
        raise StoreConflict(f"there is already a reward model {model.id} with other content")
    if stored is not None:
        place = {"path": model.path, "record": _dumped(model)}
        connection.execute(update(REWARD_MODEL).where(REWARD_MODEL.c.id == model.id).values(place))
        return
    row = {
        "id": check_id("a reward model", model.id),
        "made_at": model.made_at,
        "base": model.course.base,
        "path": model.path,
        "data_sha256": model.data_sha256,
        "weights_sha256": model.weights_sha256,
        "code_version": model.code_version,
        "seed": model.course.seed,
        "record": _dumped(model),
    }
    connection.execute(insert(REWARD_MODEL), row)


def _dumped(model: RewardModel) -> str:
    return json.dumps(reward_model_json(model), ensure_ascii=False)


def find(connection: Connection, id: str) -> RewardModel | None:
    """The reward model of that id."""
    if not id.isprintable():  # not every database takes such a text as a value
        return None
    record = connection.execute(select(REWARD_MODEL.c.record).where(REWARD_MODEL.c.id == id)).scalar()
    return None if record is None else load_reward_model(record)


def newest(connection: Connection, limit: int = 100) -> tuple[RewardModel, ...]:
    """Reward models, newest first."""
    order = REWARD_MODEL.c.made_at.desc(), REWARD_MODEL.c.id.desc()
    found = connection.execute(select(REWARD_MODEL.c.record).order_by(*order).limit(limit)).scalars()
    return tuple(load_reward_model(record) for record in found)


class RewardModels:
    """The reward models that a store keeps."""

    def __init__(self, store: "Store") -> None:
        self._store = store

    async def register(self, model: RewardModel) -> None:
        """Keep a reward model, durably when it returns; a folder that was moved is known at its new place from then on.

        Raises StoreConflict where its id means another model.
        """
        await self._store.write(lambda connection: register(connection, model))

    def find(self, id: str) -> RewardModel | None:
        """The reward model of that id."""
        found: RewardModel | None = self._store.read(lambda connection: find(connection, id))
        return found

    def newest(self, limit: int = 100) -> tuple[RewardModel, ...]:
        """Reward models, newest first."""
        found: tuple[RewardModel, ...] = self._store.read(lambda connection: newest(connection, limit))
        return found
