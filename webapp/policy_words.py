"""Which policy routes, in words for people, and what they should know of the bundled one beside real experts."""

from typing import Final

from orchestrator.embedded.checkpoint import Checkpoint, checkpoint_at
from orchestrator.pool import Pool
from orchestrator.profile import profile

REHEARSED: Final = (
    "learned in the rehearsal world, with stand-ins: it knows these aliases only by their prices, their seconds and "
    "what it met there, and nothing of the models behind them. For real work let Nemotron-Orchestrator-8B route: "
    "`make vllm` serves it, docs/serving.md says how."
)


def policy_words(spec: str) -> str:
    """What the policy of this SPEC does, in a sentence or two; raises BadCheckpoint where the bundled is missing."""
    form, _, rest = spec.partition(":")
    match form:
        case "embedded":
            return f"Policy: {_small(rest)}, trained in the rehearsal world."
        case "random":
            return "Policy: random. It picks any available alias by chance; nothing about it is learned."
        case "nearest":
            return (
                "Policy: nearest. It does, by rule, what the most similar rehearsal question needs; it reads neither "
                "preferences nor prices."
            )
        case "fixed":
            return f"Policy: a fixed route ({', then '.join(rest.split(','))})."
        case "openai":
            url, _, model = rest.partition("#")
            model, _, named = model.partition(";profile=")
            return f"Policy: {model} at {url}, prompted as {profile(named).name}."
    return f"Policy: {spec}."


def rehearsal_notice(spec: str, pool: Pool) -> str | None:
    """That this policy knows only the rehearsal world, where it is to route between real experts."""
    form, _, folder = spec.partition(":")
    if form != "embedded" or all(entry.simulated for entry in pool.entries):
        return None
    return f"{f'The small orchestrator in {folder}' if folder else 'The bundled small orchestrator'} {REHEARSED}"


def _small(folder: str) -> str:
    if folder:
        return f"the small orchestrator in {folder}"
    return f"the bundled small orchestrator{_size(checkpoint_at())}"


def _size(checkpoint: Checkpoint) -> str:
    """Its parameters in brackets, as far as its name tells them."""
    millions = checkpoint.name.rpartition("-")[2].removesuffix("M")
    return f" ({millions} million parameters)" if millions.replace(".", "", 1).isdecimal() else ""
