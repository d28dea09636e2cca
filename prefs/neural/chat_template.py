"""A base's own chat template, run with the surroundings that transformers gives it but without transformers."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

PLAIN: Final = """\
{%- if tools %}
{{- '<|im_start|>system\\nTools:' }}
{%- for tool in tools %}{{- '\\n' ~ (tool | tojson) }}{%- endfor %}
{{- '<|im_end|>\\n' }}
{%- endif %}
{%- for message in messages %}
{{- '<|im_start|>' ~ message.role ~ '\\n' ~ (message.content or '') }}
{%- for call in message.tool_calls or [] %}
{{- '\\n' ~ call.function.name ~ ' ' }}
{{- (call.function.arguments if call.function.arguments is string else call.function.arguments | tojson) }}
{%- endfor %}
{{- '<|im_end|>\\n' }}
{%- endfor %}
"""
"""For a base without a template of its own, and for the small one."""


class ChatTemplate:
    """Compiled once; any number of threads may use it."""

    def __init__(self, source: str, special_tokens: Mapping[str, str]) -> None:
        """Raises ValueError where the source is no template."""
        from jinja2 import TemplateError  # noqa: PLC0415 - slow to import, and only a neural model needs it
        from jinja2.sandbox import ImmutableSandboxedEnvironment  # noqa: PLC0415

        def refuse(message: str) -> None:
            raise TemplateError(message)

        environment = ImmutableSandboxedEnvironment(
            trim_blocks=True, lstrip_blocks=True, extensions=["jinja2.ext.loopcontrols"]
        )
        environment.filters["tojson"] = _as_json
        environment.globals["raise_exception"] = refuse
        environment.globals["strftime_now"] = lambda format: datetime.now(UTC).strftime(format)
        self._special_tokens = dict(special_tokens)
        self._faults = (TemplateError, TypeError)
        try:
            self._compiled = environment.from_string(source)
        except TemplateError as error:
            raise ValueError(f"the chat template cannot be read: {error}") from error

    def text(self, messages: Sequence[Mapping[str, Any]], tools: Sequence[Mapping[str, Any]] | None) -> str:
        """The whole conversation; raises ValueError where the template refuses it."""
        try:
            return self._compiled.render(
                messages=[dict(message) for message in messages],
                tools=list(tools) if tools else None,
                documents=None,
                add_generation_prompt=False,
                **self._special_tokens,
            )
        except self._faults as error:
            raise ValueError(f"the base's chat template cannot tell a trajectory: {error}") from error


def _as_json(value: Any, ensure_ascii: bool = False, indent: int | None = None) -> str:
    return json.dumps(value, ensure_ascii=ensure_ascii, indent=indent)
