"""Asks every operation of an OpenAPI description what it allows, and much that it does not."""

import os
from collections.abc import Callable, Mapping
from typing import Any, Final

import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from schemathesis import Case, GenerationMode, Response
from schemathesis.checks import not_a_server_error
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

EXAMPLES: Final = int(os.environ.get("PODIUM_API_EXAMPLES", "2"))
"""Requests for each operation as described, and as many otherwise."""
LONG: Final = EXAMPLES >= 25
CHECKS: Final = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
MODES: Final = (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
ENDLESS: Final = ("/api/v1/audiences/{audience_id}/events",)
"""Streams that last as long as somebody listens: asked of what is not there."""
NOT_HTTP: Final = b"Invalid HTTP request received."
"""What the server's own parser says of an address that no browser could send."""
CUT: Final = (requests.exceptions.ChunkedEncodingError, requests.exceptions.ConnectionError)
"""It may hang up while the rest of such an address is still on its way; it must be there for the next one."""
Operation = APIOperation[Any, Any, Any, Any]
Look = Callable[[Case, Response], None]
"""Raises AssertionError for what must not be."""


def faults(
    openapi: dict[str, Any],
    url: str,
    known: Mapping[str, list[str]],
    *,
    headers: Mapping[str, str] | None = None,
    look: Look | None = None,
    leave_out: tuple[str, ...] = (),
) -> dict[str, str]:
    """What was wrong, by operation and by whether it was asked as described. `known` has ids by name in addresses."""
    wrong: dict[str, str] = {}
    schema = schemathesis.openapi.from_dict(openapi)
    with requests.Session() as session:
        session.headers.update(headers or {})
        for operation in (found.ok() for found in schema.get_all_operations()):
            for mode in () if operation.path in leave_out else MODES:
                try:
                    _ask(operation, mode, url, session, known, look)
                except Unsatisfiable:  # It cannot be asked wrongly.
                    assert mode is GenerationMode.NEGATIVE
                except BaseExceptionGroup as failures:
                    wrong[f"{operation.label} {mode.value}"] = "\n".join(map(str, failures.exceptions))
                except Exception as failure:  # noqa: BLE001 - all are told together
                    wrong[f"{operation.label} {mode.value}"] = f"{type(failure).__name__}: {failure}"
    return wrong


def _ask(
    operation: Operation,
    mode: GenerationMode,
    url: str,
    session: requests.Session,
    known: Mapping[str, list[str]],
    look: Look | None,
) -> None:
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        derandomize=not LONG,
        phases=(Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )
    @given(operation.as_strategy(generation_mode=mode), st.integers(0, 3), st.randoms(use_true_random=False))
    def asked(case: Case, strangeness: int, chance: Any) -> None:
        if strangeness:  # A quarter asks for what is not there.
            _name_what_is_there(case, known, chance)
        try:
            response = case.call(url, session, timeout=60)
        except CUT:
            assert session.get(f"{url}/healthz", timeout=60).status_code == 200
            return
        if response.content != NOT_HTTP:
            case.validate_response(response, checks=CHECKS)
            if look is not None:
                look(case, response)

    asked()


def _name_what_is_there(case: Case, known: Mapping[str, list[str]], chance: Any) -> None:
    for name in case.path_parameters or {}:
        if name in known and case.path not in ENDLESS:
            case.path_parameters[name] = chance.choice(known[name])
    for said in (case.query, case.body):
        if "annotator" in known and isinstance(said, dict) and "annotator" in said:
            said["annotator"] = chance.choice(known["annotator"])
