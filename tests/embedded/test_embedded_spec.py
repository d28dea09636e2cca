"""The SPEC of the policy `embedded`: who may name what, how records keep it, and what is refused."""

import shutil
from pathlib import Path

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.bill import Bill
from orchestrator.chat import ChatClients
from orchestrator.embedded.checkpoint import FILES, Checkpoint
from orchestrator.embedded.damage import BadCheckpoint
from orchestrator.evidence import Evidence
from orchestrator.policies.embedded import EmbeddedPolicy
from orchestrator.policies.spec import BadSpec, PolicyMaker, explicit, needs_model
from orchestrator.policy import Turn
from orchestrator.preference import PreferenceVector
from tests.embedded.asked import ALIASES, POOL

TURN = Turn(0, "Which country is Mount Kinabalu in?", PreferenceVector(), Evidence(), ALIASES, 7)


def maker() -> PolicyMaker:
    return PolicyMaker(POOL, ChatClients(httpx.MockTransport(lambda request: httpx.Response(500))), profile="clean")


async def test_a_spec_names_the_bundled_model_or_a_folder(bundled: Checkpoint, tmp_path: Path) -> None:
    for name in FILES:
        shutil.copy(bundled.path / name, tmp_path / name)
    for spec, path in (("embedded", bundled.path), (f"embedded:{tmp_path}", tmp_path)):
        made = maker().make(f" {spec} ")
        assert isinstance(made, EmbeddedPolicy)
        assert (made.spec, made.checkpoint.path) == (spec, path)
        assert maker().kept(spec) == explicit(spec) == spec
        assert (await made.decide(TURN, Bill())).call is not None


def test_anybody_may_name_the_bundled_model_and_only_an_operator_a_folder() -> None:
    assert not needs_model(" embedded ")
    assert needs_model(" embedded:/tmp/model ")


@given(st.from_regex(r"\s{0,2}embedded.{0,12}:?.{0,12}", fullmatch=True))
def test_no_spelling_loads_a_folder_without_being_known_to(spec: str) -> None:
    if needs_model(spec):
        return
    try:
        made = maker().make(spec)
    except ValueError:
        return
    assert made.spec == "embedded"


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ("embedded:", "does not say which folder"),
        ("embedded;profile=clean", "leave out the prompt profile"),
        ("embedded:/tmp;profile=clean", "leave out the prompt profile"),
        ("embedded2", "choose one of: embedded"),
    ],
)
def test_a_faulty_spec_is_refused_in_words(spec: str, said: str) -> None:
    with pytest.raises(BadSpec, match=said):
        maker().make(spec)


def test_a_folder_without_a_checkpoint_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadCheckpoint, match=r"config\.json and tokenizer\.json and .* missing"):
        maker().make(f"embedded:{tmp_path}")
