"""Planted secrets never survive a redacted file, however they are written, and what is left is still read."""

import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from orchestrator.trajectory import Observation, Origin, Step, Trajectory
from prefs.ballot import ballot
from prefs.ranking import Ranking, StepMark
from prefs.training_files import FORMATS
from storage.ranked import load_ranked
from storage.records import load_trajectory
from storage.store import Store
from tests.examples import NOON, model_call
from tests.kept import ended, going
from tests.webapp.test_talk_redaction import CANARIES
from webapp.cli import main
from webapp.exports.kinds import Wishes, open_export, redacts, summaries
from webapp.jsonl import RankingFile, TrajectoryFile
from webapp.redacted import Striking
from webapp.redaction import REDACTED, Redaction

SECRETS = (*CANARIES.values(), "ada@example.org", "PROJECT-4711")
OWN = Redaction((re.compile(r"PROJECT-\d+"),))


def as_json(text: str) -> str:
    return json.dumps(text)[1:-1]


def all_escaped(text: str) -> str:
    return "".join(f"\\u{ord(one):04x}" for one in text)


def hidden(text: str) -> str:
    """With a character in it that nobody sees."""
    return f"{text[:4]}\u200b{text[4:]}"


WRITTEN: dict[str, Callable[[str], str]] = {
    "plain": lambda text: text,
    "behind a line feed in JSON": lambda text: f"\\n{text}\\n",
    "behind a line feed in JSON in JSON": lambda text: f"\\\\n{text}\\\\n",
    "sign by sign": all_escaped,
    "sign by sign in JSON": lambda text: as_json(all_escaped(text)),
    "at sign escaped": lambda text: text.replace("@", "\\u0040").replace("-", "\\u002d"),
    "hexadecimal": lambda text: text.replace("@", "\\x40").replace("-", "\\x2d"),
    "in an address": lambda text: quote(text, safe=""),
    "in HTML": lambda text: text.replace("@", "&#64;").replace("-", "&#x2d;"),
    "with something unseen": hidden,
}


def readable(text: str) -> set[str]:
    """The text as readers of any depth of escapes would see it."""
    import html  # noqa: PLC0415
    from urllib.parse import unquote  # noqa: PLC0415

    found, last = {text}, text
    for _ in range(4):
        last = re.sub(r"\\+u([0-9a-fA-F]{4})", lambda m: chr(int(m[1], 16)), last)
        last = re.sub(r"\\+x([0-9a-fA-F]{2})", lambda m: chr(int(m[1], 16)), last)
        last = unquote(html.unescape(last)).replace("\u200b", "")
        found.add(last)
    return found


@pytest.mark.parametrize("written", WRITTEN)
@pytest.mark.parametrize("secret", SECRETS)
def test_a_secret_is_struck_out_however_it_is_written(secret: str, written: str) -> None:
    text = f"before {WRITTEN[written](secret)} after"
    found = OWN.text(text)
    assert REDACTED in found.value
    assert found.places >= 1
    assert all(secret not in seen for seen in readable(found.value)), found.value
    assert found.value.startswith("before ")


@given(st.text(st.sampled_from('ab@.\\u0064%&#;nx \u200b{}":,') | st.characters(), max_size=80))
@example("\\u0061@b\\u002ec")
@settings(max_examples=150, deadline=None)
def test_redacting_twice_is_redacting_once_with_escapes_too(text: str) -> None:
    once = OWN.text(text).value
    assert OWN.text(once).value == once
    assert json.loads(json.dumps(OWN.json({"text": text}).value))


WRAPPED = st.builds(
    lambda before, secret, how, after: f"{before} {WRITTEN[how](secret)} {after}",
    st.text(max_size=300), st.sampled_from(SECRETS), st.sampled_from(sorted(WRITTEN)), st.text(max_size=300),
)  # fmt: skip


def planted(draw: Callable[[Any], Any]) -> Trajectory:
    """A trajectory with a secret in every text that people and models write."""
    prompt = json.dumps({"messages": [{"content": draw(WRAPPED)}, {"content": draw(WRAPPED) * 3}]})
    one = Step(
        0, draw(WRAPPED), going().steps[0].call if going().steps else None,
        Observation(draw(WRAPPED), Origin.MODEL, source=draw(WRAPPED)),
        (model_call("0.01", prompt=prompt, reply=draw(WRAPPED)),), error=draw(WRAPPED),
    )  # fmt: skip
    return replace(ended(going(), 0), steps=(one,), query=draw(WRAPPED), answer=draw(WRAPPED), reference=draw(WRAPPED))


def clean(text: str) -> None:
    """No secret is left, at any depth."""
    for seen in readable(text):
        assert not [secret for secret in SECRETS if secret in seen]


@given(st.data())
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
def test_a_redacted_trajectory_tells_no_secret_and_is_read_by_its_own_loader(data: st.DataObject) -> None:
    from storage.records import dump_trajectory  # noqa: PLC0415

    whole = planted(data.draw)
    striking = Striking(OWN)
    for texts in (False, True):
        found = striking.trajectory(whole, texts=texts)
        line = dump_trajectory(found)
        clean(line)
        assert load_trajectory(line) == found
    assert striking.places >= 8
    prompt = striking.trajectory(whole, texts=True).calls[0].prompt
    assert prompt is not None
    assert json.loads(prompt)["messages"][1]["content"]


async def fill(store: Store, secrets: Sequence[str] = SECRETS) -> None:
    """Two ranked trajectories with secrets in their long prompts, in reasons, notes and tags."""
    ids = []
    for number in range(2):
        said = " ".join(secrets)
        prompt = json.dumps({"messages": [{"role": "user", "content": f"{said} {'x' * 300}"}]})
        one = replace(ended(going(), 1).steps[0], thought=said, calls=(model_call(prompt=prompt, reply=said),))
        whole = replace(ended(going(), 1), id=f"t{number}", run=None, query=said, answer=said, steps=(one,))
        await store.add(whole)
        ids.append(whole.id)
    await store.keep_ballot(ballot("b1", ids, query=" ".join(secrets), run=None, seed=1, made_at=NOON))
    reason, note = " ".join(secrets) * 3, secrets[0]
    ranking = Ranking(
        "k1", "b1", (("A",), ("B",)), NOON, acceptable=1, reason=reason, annotator="ann", tags=("ada@example.org",),
        marks=(StepMark("A", 0, "good", note), StepMark("B", 0, "needless")),
    )  # fmt: skip
    await store.keep_ranking(ranking)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(f"sqlite:///{tmp_path}/one.db") as opened:
        yield opened


@pytest.mark.parametrize("texts", [False, True])
async def test_no_kind_of_export_tells_a_secret_once_it_is_redacted(store: Store, texts: bool, tmp_path: Path) -> None:
    await fill(store)
    for kind in summaries():
        if texts and kind != "trajectories":
            continue
        asked = {"form": None} | ({"preference": None} if kind in FORMATS else {})
        assert asked
        made = open_export(store, kind, Wishes(texts=texts, redaction=OWN, pool=_pool()))
        content = b"".join(made.chunks)
        if made.media_type.endswith("parquet"):
            file = tmp_path / f"{kind}.parquet"
            file.write_bytes(content)
            clean(str(pq.read_table(file).to_pylist()))
        else:
            clean(content.decode())
        struck = made.striking
        assert struck is not None
        if kind != "card":
            assert struck.places > 0, kind
            assert made.told()[-1].endswith("struck out")


def _pool() -> Any:
    from orchestrator.rehearsal.world import rehearsal_pool  # noqa: PLC0415

    return rehearsal_pool()


async def test_redacted_files_are_imported_where_nothing_is_known_of_them(store: Store, tmp_path: Path) -> None:
    await fill(store)
    for kind in ("trajectories", "rankings"):
        file = tmp_path / f"{kind}.jsonl"
        file.write_bytes(b"".join(open_export(store, kind, Wishes(redaction=OWN)).chunks))
    with Store.open(f"sqlite:///{tmp_path}/two.db") as other:
        assert await other.add_all(TrajectoryFile(tmp_path / "trajectories.jsonl")) == 2
        assert await other.add_rankings(RankingFile(tmp_path / "rankings.jsonl")) == 1
        (said,) = (one for one, _ in other.iter_ranked())
        assert said.groups == (("A",), ("B",))
        assert said.tags == (REDACTED,)
        found = other.trajectory("t0")
        assert found is not None
        assert found.calls[0].prompt is None  # an address would tell whoever guesses the text


async def test_a_file_of_ones_own_is_redacted_line_by_line(
    store: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PODIUM_DATA_DIR", str(tmp_path))
    await fill(store)
    lines = b"".join(open_export(store, "trajectories", Wishes(texts=True)).chunks).decode().splitlines()
    lines += b"".join(open_export(store, "rankings", Wishes()).chunks).decode().splitlines()
    lines += [json.dumps({"api_key": "hunter2000", "any": ["ada@example.org", {"PROJECT-4711": 1.5}], "n": None})]
    file, out, patterns = tmp_path / "in.jsonl", tmp_path / "out.jsonl", tmp_path / "patterns.txt"
    file.write_text("\n".join(lines), "utf-8")
    patterns.write_text("PROJECT-\\d+", "utf-8")
    command = ["privacy", "redact", str(file), "--out", str(out), "--patterns", str(patterns)]
    assert main(command) == 0
    assert "struck out" in capsys.readouterr().err
    clean(out.read_text("utf-8"))
    first, _, ranking, last = out.read_text("utf-8").splitlines()
    assert load_trajectory(first).id == "t0"
    assert load_ranked(json.loads(ranking))[0].id == "k1"
    assert json.loads(last) == {"api_key": REDACTED, "any": [REDACTED, {REDACTED: 1.5}], "n": None}
    assert main(command) == 2  # nothing is overwritten
    assert main(["privacy", "redact", str(patterns)]) == 2
    assert "line 1" in capsys.readouterr().err


def test_files_that_people_publish_are_redacted_unless_somebody_says_otherwise() -> None:
    assert redacts("card", None)
    assert redacts("rewardbench2", None)
    assert not redacts("trajectories", None)
    assert redacts("trajectories", True)
    assert not redacts("card", False)
