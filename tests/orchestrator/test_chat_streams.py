"""Streams written by hand, in the many forms that real servers give them."""

import pytest

from orchestrator import retry
from orchestrator.endpoint_client import EndpointFailed
from tests.servers.asking import replied
from tests.servers.conformance import in_turn
from tests.servers.reply import Refusal, Reply

KIND = "text/event-stream"
HEL = '{"choices":[{"index":0,"delta":{"content":"hel"}}]}'
LO = '{"choices":[{"index":0,"delta":{"content":"lo"},"finish_reason":"stop"}]}'

HELLO = {
    "plain": f"data: {HEL}\n\ndata: {LO}\n\ndata: [DONE]\n\n",
    "mixed line ends": f"data: {HEL}\r\n\ndata: {LO}\n\r\ndata: [DONE]\r\n",
    "no blank lines": f"data: {HEL}\ndata: {LO}\ndata: [DONE]\n",
    "a byte order mark": f"\ufeffdata: {HEL}\n\ndata: {LO}\n\ndata: [DONE]\n\n",
    "no blank line at the end": f"data: {HEL}\n\ndata: {LO}\n\ndata: [DONE]",
    "no line end at the end": f"data: {HEL}\n\ndata: {LO}",
    "spaces around": f"\n\n\ndata:   {HEL}  \n\ndata: {LO}\n\n\n\ndata: [DONE]\n\n",
    "other fields": f"id: 1\nretry: 10\nfoo: bar\ndata: {HEL}\n\nid\ndata: {LO}\n\n:\n\ndata: [DONE]\n\n",
    "pings": f"event: ping\ndata: {{}}\n\ndata: {HEL}\n\n: ping\n\ndata:\n\ndata: {LO}\n\ndata: [DONE]\n\n",
    "done without a finish": f'data: {HEL}\n\ndata: {{"choices":[{{"delta":{{"content":"lo"}}}}]}}\n\ndata: [DONE]\n\n',
    "done twice and more behind": f"data: {HEL}\n\ndata: {LO}\n\ndata: [DONE]\n\ndata: [DONE]\n\ndata: {HEL}\n\n",
    "chunks that say nothing": "".join(
        f"data: {chunk}\n\n"
        for chunk in (
            '{"choices":null}', '{"choices":[]}', '{"choices":[null]}', '{"choices":[{"index":0,"delta":null}]}',
            '{"choices":[{"index":0}]}', '{"choices":[{"index":0,"delta":{"role":"assistant","content":null}}]}',
            HEL, '{"choices":[{"index":0,"delta":{}}]}', '{"prompt_filter_results":[]}', LO, "[DONE]",
        )
    ),
    "another choice beside it": "".join(
        f"data: {chunk}\n\n"
        for chunk in (
            '{"choices":[{"index":1,"delta":{"content":"good"}},{"index":0,"delta":{"content":"hel"}}]}',
            '{"choices":[{"index":1,"delta":{"content":"bye"},"finish_reason":"length"}]}', LO, "[DONE]",
        )
    ),
    "a whole reply in one event": 'data: {"choices":[{"message":{"content":"hello"},"finish_reason":"stop"}]}\n\n',
    "content in parts": (
        f'data: {{"choices":[{{"delta":{{"content":[{{"type":"text","text":"hel"}}]}}}}]}}\n\ndata: {LO}\n\n'
    ),
}  # fmt: skip


@pytest.fixture(autouse=True)
def _short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retry, "FIRST_WAIT_S", 0.001)


TYPES = (KIND, f"{KIND}; charset=utf-8", "application/json", "application/octet-stream")
# A body that begins with a mark and has another type could be anything.
FORMS = [(name, kind) for name in HELLO for kind in (TYPES[:2] if "mark" in name else TYPES)]


@pytest.mark.parametrize(("name", "kind"), FORMS)
async def test_a_stream_is_read_in_every_form_it_may_have_whatever_its_type(name: str, kind: str) -> None:
    completion = await replied(Refusal(200, HELLO[name].encode(), kind), True)
    assert completion.text == "hello"
    assert completion.attempts == ()


UNFINISHED = {
    "cut in an event": f"data: {HEL}\n\ndata: {LO[:30]}",
    "cut between events": f"data: {HEL}\n\n",
    "an error behind the beginning": f'data: {HEL}\n\ndata: {{"error": {{"message": "dead", "code": 500}}}}\n\n',
    "nonsense behind the beginning": f"data: {HEL}\n\ndata: {{oops\n\ndata: {LO}\n\n",
}


@pytest.mark.parametrize("name", UNFINISHED)
async def test_half_a_stream_is_never_taken_for_a_reply(name: str) -> None:
    broken = Refusal(200, UNFINISHED[name].encode(), KIND)
    completion = await replied(in_turn(broken, Reply("all of it")), True)
    assert completion.text == "all of it"
    assert len(completion.attempts) == 1
    with pytest.raises(EndpointFailed):
        await replied(broken, True)
