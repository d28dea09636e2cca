"""Makes a small checkpoint of the Qwen3 architecture from a seed: configuration, tokenizer, chat template. No weights.

`python checkpoint.py FOLDER` needs `tokenizers` and `transformers`, which vLLM's own environment has, and no network.
Served with `--load-format dummy`, the weights are drawn from the server's `--seed`.
"""

import argparse
import json
import random
import string
from collections.abc import Iterator
from pathlib import Path

MARKERS = ("<|endoftext|>", "<|im_start|>", "<|im_end|>")
"""Tokens that frame a chat and are never part of a reply's text."""
TAGS = ("<think>", "</think>", "<tool_call>", "</tool_call>", "<tools>", "</tools>")
"""Single tokens that are part of a reply's text."""
CONTEXT = 40_960
SMALL = {
    "hidden_size": 64,
    "intermediate_size": 128,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "num_key_value_heads": 1,
    "head_dim": 32,
}
"""About half a million parameters."""
EIGHT_BILLION = {
    "hidden_size": 4096,
    "intermediate_size": 12_288,
    "num_hidden_layers": 36,
    "num_attention_heads": 32,
    "num_key_value_heads": 8,
    "head_dim": 128,
    "vocab_size": 151_936,
}
"""The dimensions of Qwen3-8B, which Orchestrator-8B was trained from."""
TEMPLATE = """\
{%- set first = messages[0] if messages and messages[0].role == 'system' else none %}
{%- if first or tools %}
{{- '<|im_start|>system\\n' }}
{%- if first %}{{- first.content }}{%- endif %}
{%- if tools %}
{{- '\\n\\nTools that may be called, one JSON object a line:\\n<tools>' }}
{%- for tool in tools %}{{- '\\n' ~ (tool | tojson) }}{%- endfor %}
{{- '\\n</tools>\\nA call is a JSON object between two tags:\\n<tool_call>\\n' }}
{{- '{"name": NAME, "arguments": {"ARGUMENT": VALUE}}\\n</tool_call>' }}
{%- endif %}
{{- '<|im_end|>\\n' }}
{%- endif %}
{%- for message in messages[(1 if first else 0):] %}
{{- '<|im_start|>' ~ message.role ~ '\\n' ~ (message.content or '') }}
{%- for call in message.tool_calls or [] %}
{{- '\\n<tool_call>\\n{"name": "' ~ call.function.name ~ '", "arguments": ' }}
{{- (call.function.arguments if call.function.arguments is string else call.function.arguments | tojson) }}
{{- '}\\n</tool_call>' }}
{%- endfor %}
{{- '<|im_end|>\\n' }}
{%- endfor %}
{%- if add_generation_prompt %}{{- '<|im_start|>assistant\\n' }}{%- endif %}
"""
PROSE = """
a about after all alias and answer are arguments as at average be been before best between but by call can cheap
choices code computes cost dear description document does easy expert final first for found from give good has
have how if in input is it its know latency less look many material math may million missing model more most
much name needs no not of on one only or order other output per plain price problem program properties python
queries query question quick read reason reply required result right say search short slow some sound strong
string system that the them then there these they this title to token tool type use used user very was well what
when where which who why with work write written wrong year years
"""
WORDS = PROSE.split()


def text(seed: int = 1, lines: int = 4_000) -> Iterator[str]:
    """Lines of made-up prose, numbers, JSON calls and Python, the same for the same seed."""
    chance = random.Random(seed)
    for number in range(lines):
        words = [chance.choice(WORDS) for _ in range(chance.randint(6, 18))]
        sentence = " ".join(words)
        alias = f"{chance.choice(('search', 'reasoner', 'answer', 'answer-math'))}-{chance.randint(1, 4)}"
        match number % 4:
            case 0:
                # The sign for half a character is one token, as in the tokenizers of released models.
                halves = "\ufffd" * chance.randint(1, 4)
                yield f"{sentence.capitalize()}, {chance.randint(1, 2100)} of {chance.random():.2f}. {halves}"
            case 1:
                yield json.dumps({"name": words[0], "arguments": {"model": alias}})
            case 2:
                yield f"{alias} | ${chance.random():.2f} | ${chance.randint(1, 20)} | {chance.randint(1, 99)}s"
            case _:
                letters = "".join(chance.choices(string.ascii_lowercase, k=6))
                yield f"```python\n{letters} = {chance.randint(0, 99)}\nprint({letters} * 2)\n```"


def make(folder: Path, dimensions: dict[str, int], seed: int = 1) -> Path:
    """Write the checkpoint into `folder` and give it back. The same arguments write the same bytes."""
    folder.mkdir(parents=True, exist_ok=True)
    vocabulary = _write_tokenizer(folder, seed, dimensions.get("vocab_size"))
    _write(folder / "config.json", _configuration({"vocab_size": vocabulary, **dimensions}, folder))
    _write(
        folder / "generation_config.json",
        {"bos_token_id": None, "do_sample": True, "eos_token_id": _id(folder, "<|im_end|>"), "temperature": 1.0},
    )
    return folder


def _write_tokenizer(folder: Path, seed: int, wanted: int | None) -> int:
    """Train a byte-level BPE; gives the size of its vocabulary: `wanted`, else its own padded to a multiple of 64."""
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, trainers  # noqa: PLC0415 - the app is without

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=4_000, initial_alphabet=sorted(alphabet), show_progress=False)
    tokenizer.train_from_iterator(text(seed), trainer)
    tokenizer.add_special_tokens([AddedToken(marker, special=True, normalized=False) for marker in MARKERS])
    # Not special: a server leaves special tokens out of the text that its tool parser reads.
    tokenizer.add_tokens([AddedToken(tag, special=False, normalized=False) for tag in TAGS])
    tokenizer.save(str(folder / "tokenizer.json"))
    used = tokenizer.get_vocab_size()
    _fill(folder / "tokenizer.json", used, wanted or used)
    _write(
        folder / "tokenizer_config.json",
        {
            "tokenizer_class": "PreTrainedTokenizerFast",
            "eos_token": "<|im_end|>",
            "pad_token": "<|endoftext|>",
            "bos_token": None,
            "unk_token": None,
            "add_bos_token": False,
            "clean_up_tokenization_spaces": False,
            "model_max_length": CONTEXT,
            "chat_template": TEMPLATE,
        },
    )
    return wanted or -(-used // 64) * 64


def _fill(tokenizer: Path, used: int, wanted: int) -> None:
    """Name the tokens from `used` to `wanted`, which no text holds but random weights write."""
    said = json.loads(tokenizer.read_text("utf-8"))
    said["model"]["vocab"] |= {f"filler{number}": number for number in range(used, wanted)}
    tokenizer.write_text(json.dumps(said, ensure_ascii=False), "utf-8")


def _configuration(dimensions: dict[str, int], folder: Path) -> dict[str, object]:
    from transformers import Qwen3Config  # noqa: PLC0415 - the app is without

    end = _id(folder, "<|im_end|>")
    made = Qwen3Config(
        **dimensions, max_position_embeddings=CONTEXT, tie_word_embeddings=False, bos_token_id=None, eos_token_id=end
    )
    return {**made.to_dict(), "architectures": ["Qwen3ForCausalLM"], "torch_dtype": "bfloat16"}


def _id(folder: Path, token: str) -> int:
    added = json.loads((folder / "tokenizer.json").read_text("utf-8"))["added_tokens"]
    return next(int(entry["id"]) for entry in added if entry["content"] == token)


def _write(path: Path, said: dict[str, object]) -> None:
    path.write_text(json.dumps(said, indent=2, sort_keys=True) + "\n", "utf-8")


def main() -> None:
    """Make the checkpoint that the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--eight-billion", action="store_true", help="the dimensions of Qwen3-8B instead of the small")
    parser.add_argument("--seed", type=int, default=1)
    wanted = parser.parse_args()
    print(make(wanted.folder, EIGHT_BILLION if wanted.eight_billion else SMALL, wanted.seed))


if __name__ == "__main__":
    main()
