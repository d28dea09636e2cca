"""Whoever asks gets all that is kept about them, and nothing that opens a door."""

import json
from datetime import timedelta

import pytest

from storage.accounts.account import Role
from storage.accounts.accounts import Accounts
from storage.accounts.actor import Actor
from storage.accounts.tokens import Tokens
from storage.errors import StoreMissing
from storage.privacy.own_data import own_data
from storage.spending.rules import Payer
from storage.store import Store
from tests.kept import going, run
from tests.storage.privacy.test_forgetting import ANN, CONSOLE, fill


async def test_own_data_tells_everything_but_secrets(store: Store) -> None:
    accounts = Accounts(store)
    await accounts.add("root", Role.ADMIN, None, CONSOLE)
    ann = await accounts.add(ANN, Role.AUTHOR, None, CONSOLE)
    made = await Tokens(store).make(ann, "my script", {"read"}, Actor(ANN, ann.id), timedelta(days=3))
    await fill(store)
    await store.begin(run(id="r7", query="Mine?"), [going(7, "r7")], Payer(ANN))
    found = own_data(store, "ann zyxw")
    assert found["name"] == ANN
    assert found["account"]["role"] == "author"
    assert [one["label"] for one in found["tokens"]] == ["my script"]
    assert [one["id"] for one in found["rankings"]] == ["k1", "k2"]
    assert found["rankings"][0]["reason"].startswith("Zyxw thinks")
    assert [one["ballot_id"] for one in found["assignments"]] == ["b1"]
    assert [one["query"] for one in found["runs"]] == ["Mine?"]
    assert [one["act"] for one in found["audit"]] == ["account added", "token made"]
    told = json.dumps(found)
    assert "bob" not in told
    assert "sha256" not in told
    assert str(made[0]) not in told
    with pytest.raises(StoreMissing):
        own_data(store, "a\0b")
