"""What measures a conversation in tokens: a consumer's own tokenizer and chat template, or an estimate that says so."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

from orchestrator.tokenizer import BYTES_A_TOKEN, estimated_tokens
from prefs.training_files.chat import Message

MESSAGE_TOKENS: Final = 5
"""What a chat template writes around each message."""


class Ruler(Protocol):
    """Measures conversations."""

    @property
    def name(self) -> str:
        """What it is, for people."""

    @property
    def exact(self) -> bool:
        """Whether the consumer would count the same."""

    def whole(self, messages: Sequence[Message], tools: str | None, *, reply_next: bool = False) -> int:
        """Tokens of a conversation; with the opening of a reply behind it if `reply_next`. `tools` is JSON text."""

    def opening(self, prompt: Sequence[Message], completion: Sequence[Message], tools: str | None) -> int:
        """Tokens that the prompt has in front of this completion."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """Counts the text with a callable, and a little for each message. No chat template, so never exact."""

    count: Callable[[str], int] = estimated_tokens
    name: str = f"estimate ({BYTES_A_TOKEN} bytes a token)"
    exact: bool = False

    def whole(self, messages: Sequence[Message], tools: str | None, *, reply_next: bool = False) -> int:
        """Tokens of all texts."""
        said = sum(MESSAGE_TOKENS + self.count(_written(message)) for message in messages)
        return said + (self.count(tools) if tools else 0) + (MESSAGE_TOKENS if reply_next else 0)

    def opening(self, prompt: Sequence[Message], completion: Sequence[Message], tools: str | None) -> int:
        """Tokens of the prompt, whatever follows."""
        return self.whole(prompt, tools, reply_next=bool(completion))


@dataclass(frozen=True, slots=True)
class ChatTokenizer:
    """A tokenizer of transformers with its chat template, used as TRL and verl use it. Exact."""

    tokenizer: Any
    name: str = "the tokenizer and its chat template"
    exact: bool = True

    def whole(self, messages: Sequence[Message], tools: str | None, *, reply_next: bool = False) -> int:
        """Tokens as the trainer counts them."""
        return len(self._ids(messages, tools, reply_next=reply_next))

    def opening(self, prompt: Sequence[Message], completion: Sequence[Message], tools: str | None) -> int:
        """Tokens that the prompt alone and the whole have in common at their beginning: there TRL parts them."""
        alone = self._ids(prompt, tools, reply_next=True)
        whole = self._ids([*prompt, *completion], tools, reply_next=False)
        return next(
            (place for place, (one, other) in enumerate(zip(alone, whole, strict=False)) if one != other),
            min(len(alone), len(whole)),
        )

    def _ids(self, messages: Sequence[Message], tools: str | None, *, reply_next: bool) -> list[int]:
        read = self.tokenizer.apply_chat_template(
            list(messages),
            tools=json.loads(tools) if tools else None,
            add_generation_prompt=reply_next,
            tokenize=True,
            return_dict=True,
        )
        ids: list[int] = read["input_ids"]
        return ids


def _written(message: Message) -> str:
    calls = message.get("tool_calls")
    return f"{message['content']}{json.dumps(calls, ensure_ascii=False) if calls else ''}"
