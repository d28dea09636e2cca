"""A request as the bundled model reads it: the ordinary messages and tools, told compactly by its chat template."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from orchestrator.embedded.damage import BadCheckpoint
from orchestrator.evidence import Evidence
from orchestrator.policy import Turn
from orchestrator.preference import PreferenceVector
from orchestrator.profile import DEFAULT, profile
from orchestrator.prompt import prompt_of
from orchestrator.tokenizer import Estimate

_NO_WISH: Final = PreferenceVector(0.0, 0.0, 0.0)


async def messages_of(turn: Turn, wish: str) -> list[dict[str, str]]:
    """The two messages of a turn under the default prompt profile, with this wording of the preference."""
    chosen = profile(DEFAULT)
    query = chosen.preference.format(query=turn.query, instruction=wish) if wish else turn.query
    # A preference without weights has no words of its own, so that only the wish is told. Of code runs, the template
    # tells only of the last: the earlier ones would take the room of documents.
    evidence = Evidence(turn.evidence.searches, turn.evidence.code_runs[-1:])
    told = replace(turn, query=query, preference=_NO_WISH, evidence=evidence)
    prompt = await prompt_of(told, chosen, Estimate())
    return prompt.messages


class Template:
    """A chat template, run as transformers runs it: sandboxed, and with whitespace around its tags taken away."""

    def __init__(self, source: str) -> None:
        from jinja2 import TemplateError  # noqa: PLC0415 - slow to import, and not every policy needs it
        from jinja2.sandbox import ImmutableSandboxedEnvironment  # noqa: PLC0415

        environment = ImmutableSandboxedEnvironment(
            trim_blocks=True, lstrip_blocks=True, extensions=["jinja2.ext.loopcontrols"]
        )
        try:
            self._compiled = environment.from_string(source)
        except TemplateError as error:
            raise BadCheckpoint(f"its chat template cannot be read: {error}") from error
        self._faults = TemplateError

    def text(self, messages: Sequence[Mapping[str, str]], tools: Iterable[Mapping[str, Any]]) -> str:
        """The prompt, up to where the model's reply begins; raises BadCheckpoint."""
        try:
            return self._compiled.render(messages=list(messages), tools=list(tools), add_generation_prompt=True)
        except self._faults as error:
            raise BadCheckpoint(f"its chat template cannot tell this request: {error}") from error
