import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer as Library

from orchestrator.byte_pieces import piecewise, together
from orchestrator.chat import ChatClients
from orchestrator.endpoint_client import EndpointFailed
from orchestrator.evidence import Evidence
from orchestrator.policy import Turn
from orchestrator.pool import Endpoint, Orchestrator, ServedModel
from orchestrator.preference import PreferenceVector
from orchestrator.profile import profile
from orchestrator.prompt import prompt_of
from orchestrator.tokenizer import Estimate, Remembering, Tokenizer, estimated_tokens, last_bytes
from orchestrator.tokenizer_choice import tokenizer_for
from orchestrator.tokenizer_file import FileTokenizer, NoTokenizer
from orchestrator.tokenizer_server import ASKED_AGAIN_S, ServerTokenizer
from orchestrator.trajectory import Document, Observation, Origin
from tests.servers.conformance import Conformance
from tests.servers.reply import Reply

GOLDEN = Path(__file__).with_name("golden")
LIBRARY = Library.from_file(str(GOLDEN / "tokenizer.json"))
URL = "http://127.0.0.1:8001/v1"
TEXTS = st.text(
    st.one_of(st.sampled_from("ab \n.,é日本😀🏳️‍🌈\u0301\u1100\u1161"), st.characters(codec="utf-8")), max_size=60
)


@dataclass
class Server:
    """What vLLM's two routes do, over the library itself. `refusing` is raised instead."""

    spelled: bool = True
    refusing: Exception | None = None
    replying: Any = None
    probed: int = 405
    asked: list[tuple[str, Mapping[str, Any]]] = field(default_factory=list)

    async def get_text(self, path: str, *, timeout_s: float) -> str:
        raise EndpointFailed("no", status=self.probed)

    async def post_json(self, path: str, body: Mapping[str, Any], *, timeout_s: float) -> Any:
        assert timeout_s > 0
        self.asked.append((path, body))
        if self.refusing is not None:
            raise self.refusing
        if self.replying is not None:
            return self.replying
        if path.endswith("/detokenize"):
            return {"prompt": LIBRARY.decode(body["tokens"], skip_special_tokens=False)}
        assert path == "http://127.0.0.1:8001/tokenize"
        assert (body["model"], body["add_special_tokens"]) == ("m", False)
        found = LIBRARY.encode(body["prompt"], add_special_tokens=False)
        told = found.tokens if self.spelled and body.get("return_token_strs") else None
        return {"count": len(found.ids), "tokens": found.ids, "token_strs": told, "max_model_len": 40_960}


def served(server: Server) -> ServerTokenizer:
    return ServerTokenizer(server, URL, "m")


def released(text: str, most: int) -> str:
    """As the released code decodes: each token alone."""
    return "".join(LIBRARY.decode([token]) for token in LIBRARY.encode(text).ids[-most:])


@settings(max_examples=150)
@given(TEXTS, st.integers(1, 80))
async def test_every_tokenizer_of_the_model_decodes_piecewise_as_the_released_code_does(text: str, most: int) -> None:
    expected = released(text, most)
    assert await FileTokenizer(GOLDEN).tail(text, most, piecewise=True) == expected
    assert await served(Server()).tail(text, most, piecewise=True) == expected


@settings(max_examples=150)
@given(TEXTS, st.integers(1, 80))
async def test_a_tail_of_whole_characters_is_an_end_of_the_text_and_no_longer_than_allowed(
    text: str, most: int
) -> None:
    tail = await FileTokenizer(GOLDEN).tail(text, most)
    assert text.endswith(tail)
    if len(LIBRARY.encode(text).ids) <= most:
        assert tail == text
    told = await served(Server()).tail(text, most)
    counted = await served(Server(spelled=False)).tail(text, most)
    if LIBRARY.normalizer.normalize_str(text) == text:
        for each in (tail, told, counted):
            assert text.endswith(each)
            assert len(LIBRARY.decode(LIBRARY.encode(text).ids[-most:]).lstrip("\ufffd")) >= len(each)


async def test_a_cut_inside_a_character_leaves_it_out() -> None:
    for tokenizer in (FileTokenizer(GOLDEN), served(Server()), served(Server(spelled=False))):
        assert await tokenizer.tail("a 😀b", 2) == "b"
        assert await tokenizer.tail("a 😀b", 0) == ""


@given(TEXTS)
async def test_file_and_server_count_alike(text: str) -> None:
    expected = len(LIBRARY.encode(text).ids)
    assert await FileTokenizer(GOLDEN / "tokenizer.json").count(text) == expected
    assert await served(Server()).count(text) == expected


@given(TEXTS, st.integers(0, 40))
async def test_the_estimate_keeps_an_end_of_whole_characters(text: str, most: int) -> None:
    tail = await Estimate().tail(text, most)
    assert text.endswith(tail)
    assert estimated_tokens(tail) <= most
    assert len(last_bytes(text, 3 * most).encode()) > 3 * most - 4 or tail == text


async def test_the_estimate_reads_half_a_character_without_failing() -> None:
    assert await Estimate().count("a\ud800") == 1
    assert await Estimate().tail("a\ud800é" * 9, 1) == "?é"
    assert await FileTokenizer(GOLDEN).count("a\ud800") > 1


def test_names_say_who_counted() -> None:
    assert Estimate().name == "estimate (3 bytes a token)"
    assert FileTokenizer(GOLDEN).name.startswith("tokenizer.json sha256:")
    assert len(FileTokenizer(GOLDEN).name) == len("tokenizer.json sha256:") + 12
    assert served(Server()).name == "http://127.0.0.1:8001/tokenize"


def test_a_tokenizer_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NoTokenizer, match="name the model's"):
        FileTokenizer(tmp_path)
    (tmp_path / "tokenizer.json").write_text("{}", "utf-8")
    with pytest.raises(NoTokenizer, match="is not a tokenizer"):
        FileTokenizer(tmp_path)


@pytest.mark.parametrize("status", [404, 501, 400])
async def test_a_server_without_the_route_is_sent_no_text(status: int) -> None:
    server = Server(probed=status)
    tokenizer = served(server)
    assert [await tokenizer.count("twelve chars") for _ in range(3)] == [4, 4, 4]
    assert server.asked == []
    assert tokenizer.name.endswith("/tokenize is not there")


async def test_a_long_text_is_counted_in_a_thread_and_alike() -> None:
    text = "a word of many " * 3_000
    assert await FileTokenizer(GOLDEN).count(text) == len(LIBRARY.encode(text).ids)


@pytest.mark.parametrize("status", [404, 405, 400, 401, 501])
async def test_a_server_without_a_tokenizer_is_asked_once_and_the_estimate_is_named(
    status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = iter(range(0, 10**6, 1_000))
    monkeypatch.setattr("orchestrator.tokenizer_server.time.monotonic", lambda: next(now))
    server = Server(refusing=EndpointFailed("no", status=status))
    tokenizer = served(server)
    assert [await tokenizer.count("twelve chars") for _ in range(3)] == [4, 4, 4]
    assert await tokenizer.tail("twelve chars", 2, piecewise=True) == " chars"
    assert len(server.asked) == 1
    assert tokenizer.name == (f"estimate (3 bytes a token); http://127.0.0.1:8001/tokenize gave HTTP {status}")


@pytest.mark.parametrize("reply", [[], {"count": 3}, {"tokens": ["a"]}, {"tokens": []}, "text"])
async def test_a_reply_that_is_no_count_is_an_estimate_from_then_on(reply: Any) -> None:
    tokenizer = served(Server(replying=reply))
    assert await tokenizer.count("twelve chars") == 4
    assert tokenizer.name.endswith("did not reply with tokens")


async def test_a_silent_server_is_asked_again_after_a_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [1_000.0]
    monkeypatch.setattr("orchestrator.tokenizer_server.time.monotonic", lambda: now[0])
    server = Server(refusing=EndpointFailed("refused the connection"))
    tokenizer = Remembering(served(server))
    assert await tokenizer.count("日本") == 2
    assert tokenizer.name.endswith("did not reply")
    server.refusing = None
    assert await tokenizer.count("日本") == 2
    assert len(server.asked) == 1
    now[0] += ASKED_AGAIN_S + 1
    assert await tokenizer.count("日本") == len(LIBRARY.encode("日本").ids)
    assert tokenizer.name == "http://127.0.0.1:8001/tokenize"


async def test_each_text_is_counted_once() -> None:
    server = Server()
    tokenizer = Remembering(served(server))
    for _ in range(3):
        assert await tokenizer.count("One.") == len(LIBRARY.encode("One.").ids)
        assert await tokenizer.tail("One.", 99, piecewise=True) == "One."
        assert await tokenizer.tail("日本", 99, piecewise=True) == released("日本", 99)
        assert await tokenizer.tail("日本", 99) == "日本"
        assert await tokenizer.tail("日本", await tokenizer.count("日本"), piecewise=True) == released("日本", 99)
    assert len(server.asked) == 3


async def test_a_cut_is_not_remembered() -> None:
    tokenizer = Remembering(FileTokenizer(GOLDEN))
    assert await tokenizer.tail("a b c", 1) == " c"
    assert await tokenizer.tail("a b c", 2) == " b c"


def test_a_vocabulary_of_another_kind_is_recognised() -> None:
    assert piecewise(["▁Hello"]) is None
    assert together(["▁Hello"]) is None
    assert together(["Ġa", "Ċ"]) == " a\n"


def chosen(url: str, file: Path | None = None, handler: Any = None) -> Tokenizer:
    endpoint = Endpoint(url, max_in_flight=1)
    clients = ChatClients(httpx.MockTransport(handler or (lambda request: httpx.Response(404))))
    named = Orchestrator(ServedModel("m", endpoint), tokenizer=None if file is None else str(file))
    return tokenizer_for(named, clients, endpoint, "m")


def test_a_file_comes_before_the_server_and_a_vendor_is_not_asked(tmp_path: Path) -> None:
    shutil.copy(GOLDEN / "tokenizer.json", tmp_path)
    assert chosen(URL, tmp_path).name.startswith("tokenizer.json sha256:")
    assert chosen("https://api.openai.com/v1", tmp_path).name.startswith("tokenizer.json sha256:")
    assert chosen("https://api.openai.com/v1").name == "estimate (3 bytes a token)"
    assert chosen("http://gpu.example:8001/llm/v1").name == "http://gpu.example:8001/llm/tokenize"


async def test_the_conformance_server_counts_for_us() -> None:
    conformance = Conformance(Reply())

    def handler(request: httpx.Request) -> httpx.Response:
        given = conformance.serve(request.method, request.url.path, dict(request.headers), request.content)
        return httpx.Response(given.status, content=b"".join(given.pieces))

    tokenizer = chosen(URL, handler=handler)
    assert await tokenizer.count("twelve chars") == 3
    assert await tokenizer.tail("twelve chars", 1) == "hars"
    assert await tokenizer.tail("日本語です", 2) == "です"


async def test_a_server_that_has_no_such_route_leaves_the_estimate() -> None:
    tokenizer = chosen(URL)
    assert await tokenizer.count("twelve chars") == 4
    assert tokenizer.name.startswith("estimate")


def test_the_golden_tokenizer_is_small_and_of_qwens_kind() -> None:
    told = json.loads((GOLDEN / "tokenizer.json").read_text("utf-8"))
    assert told["normalizer"] == {"type": "NFC"}
    assert told["decoder"]["type"] == "ByteLevel"


async def test_a_turn_asks_the_server_only_for_what_is_new() -> None:
    server = Server()
    tokenizer = Remembering(served(server))
    gathered = Evidence()
    asked: list[int] = []
    for search in range(12):
        found = tuple(Document("", "", f"{search} {rank} {'words ' * 100}", "s") for rank in range(4))
        gathered.add(Observation("", Origin.RETRIEVED, found))
        before = len(server.asked)
        await prompt_of(Turn(search, "Why?", PreferenceVector(), gathered, ("answer-1",), 1), profile(), tokenizer)
        asked.append(len(server.asked) - before)
    # Four documents, the last of them again without the code's heading behind it; at first the frame and a heading.
    assert asked == [6, *[5] * 11]
