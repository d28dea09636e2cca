"""One SPEC in many spellings: how records keep it, and that what asks a model is always known as such."""

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.chat import ChatClients
from orchestrator.policies.spec import BadSpec, PolicyMaker, explicit, needs_model, without_profile
from orchestrator.pool import Endpoint, Orchestrator, Pool, PoolEntry, ServedModel
from orchestrator.profile import BadProfile, profiles

URL = "http://127.0.0.1:8001/v1"
ENTRIES = (PoolEntry("answer-1", "gpt-5", "Best.", 10.0),)
NAMES = st.sampled_from(sorted(profiles()))


def maker(of_pool: str | None = None, of_process: str | None = None) -> PolicyMaker:
    served = Orchestrator(ServedModel("m", Endpoint(URL)), profile=of_pool)
    clients = ChatClients(httpx.MockTransport(lambda request: httpx.Response(500)))
    return PolicyMaker(Pool("test", ENTRIES, orchestrator=served), clients, profile=of_process)


@given(
    url=st.sampled_from((URL, "http://127.0.0.1:8002/v1", "https://example.org/v1")),
    named=st.none() | NAMES,
    of_pool=st.none() | NAMES,
    of_process=st.none() | NAMES,
    slashes=st.integers(0, 3),
    spaces=st.integers(0, 2),
)
def test_a_kept_spec_makes_the_same_policy_as_the_one_that_was_asked_for_and_stays_as_it_is(
    url: str, named: str | None, of_pool: str | None, of_process: str | None, slashes: int, spaces: int
) -> None:
    made, gap = maker(of_pool, of_process), " " * spaces
    spec = f"{gap}openai:{url}{'/' * slashes}{gap}#{gap}m{gap}{f';profile={gap}{named}' if named else ''}{gap}"
    kept = made.kept(spec)
    assert kept == made.make(spec).spec == made.make(explicit(kept)).spec
    assert made.kept(explicit(kept)) == kept
    assert explicit(explicit(kept)) == explicit(kept)
    assert without_profile(kept) == f"openai:{url}#m"


@given(st.text(max_size=30) | st.from_regex(r"\s*(openai|transformers|random|fixed)\s*:?.{0,20}", fullmatch=True))
def test_no_spelling_asks_a_model_without_being_known_to(spec: str) -> None:
    if needs_model(spec):
        return
    try:
        policy = maker().make(spec)
    except ValueError:
        return
    assert policy.spec == "random" or policy.spec.startswith("fixed:")


@pytest.mark.parametrize("spec", ["random", " random ", "fixed:answer-1", "fixed: search-1 , answer-1 "])
def test_a_policy_without_a_model_is_kept_as_it_says_itself(spec: str) -> None:
    assert maker().kept(spec) == spec.replace(" ", "")


def test_what_is_no_policy_or_profile_cannot_be_kept() -> None:
    with pytest.raises(BadSpec, match="choose one of"):
        maker().kept("best")
    with pytest.raises(BadProfile, match="choose from"):
        maker().kept(f"openai:{URL}#m;profile=evals")


def test_a_key_in_the_address_of_a_policy_is_refused_and_not_said_back() -> None:
    with pytest.raises(BadSpec, match="must not hold a user, a key") as refusal:
        maker().make("openai:https://user:sk-canary@example.org/v1#m")
    assert "sk-canary" not in str(refusal.value)
