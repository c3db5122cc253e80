"""Requests generated from openapi.yaml, good and bad, and whether an answer is what it says."""

import json
from pathlib import Path
from typing import Any

import hypothesis
import schemathesis
import yaml
from schemathesis.checks import CheckFunction
from schemathesis.specs.openapi.checks import negative_data_rejection, positive_data_acceptance, unsupported_method

from functions.common.uploads import UPLOAD_LIMIT_BYTES
from tests.support.api import Api
from tests.support.packing import PACKERS


def _document() -> dict[str, Any]:
    """The contract, and in it what a schema cannot say: which JSON is inside the media types that pack it."""
    document: dict[str, Any] = yaml.safe_load((Path(__file__).parents[2] / "openapi.yaml").read_text())
    for path in ("/events", "/events/batch"):
        content = document["paths"][path]["post"]["requestBody"]["content"]
        for packed in (*PACKERS, "application/x-ndjson"):
            if packed in content:
                content[packed] = {"schema": content["application/json"]["schema"]}
    return document


@schemathesis.serializer(*PACKERS)
def _packed(ctx: schemathesis.SerializationContext, value: Any) -> bytes:
    return PACKERS[ctx.case.media_type or ""](json.dumps(value).encode())


@schemathesis.serializer("application/x-ndjson")
def _lines(_ctx: schemathesis.SerializationContext, value: Any) -> bytes:
    return b"\n".join(json.dumps(one).encode() for one in (value if isinstance(value, list) else [value]))


schema = schemathesis.openapi.from_dict(_document())

SLOW_OPERATION = "eraseUser"
"""Each call looks through the dead letters, which takes a second."""


def of_each_operation(cases: int) -> hypothesis.settings:
    """Return the settings that make so many requests to each operation; to some there are not so many that differ."""
    return hypothesis.settings(
        max_examples=cases,
        deadline=None,
        suppress_health_check=list(hypothesis.HealthCheck),
        phases=[hypothesis.Phase.explicit, hypothesis.Phase.generate, hypothesis.Phase.shrink],
    )


def send_and_check(case: schemathesis.Case, api: Api) -> None:
    """Send a request; fail if its answer is a server error or anything else that the contract does not describe."""
    response = case.call(base_url=api.outputs["api_url"], headers={"x-api-key": api.outputs["api_key"]})
    case.validate_response(response, excluded_checks=_not_applicable(case))


def _not_applicable(case: schemathesis.Case) -> list[CheckFunction]:
    # API Gateway answers an unknown method itself, and cannot be taught 405.
    checks = [unsupported_method]
    if _beyond_the_schema(case):
        checks.append(positive_data_acceptance)
    if _is_answered_event_by_event(case) or _announces_too_much(case):
        checks.append(negative_data_rejection)
    return checks


def _announces_too_much(case: schemathesis.Case) -> bool:
    """Tell whether an upload is answered 413, which the check does not take for a refusal."""
    body = case.body if isinstance(case.body, dict) else {}
    size = body.get("bytes")
    return case.operation.path == "/uploads" and isinstance(size, int) and size > UPLOAD_LIMIT_BYTES


def _is_answered_event_by_event(case: schemathesis.Case) -> bool:
    """Tell whether the body is a batch as far as a whole one goes: what is wrong inside is told inside the answer.

    One with too many events is answered 413, which the check does not take for a refusal.
    """
    if case.operation.path != "/events/batch":
        return False
    # Lines, of which anything may be one, are a form of their own and may be packed.
    may_be_lines = case.media_type in {"application/x-ndjson", *PACKERS}
    return may_be_lines or (isinstance(case.body, list) and bool(case.body))


def _beyond_the_schema(case: schemathesis.Case) -> bool:
    """Tell whether the request may break a rule between two values, which no schema can state."""
    if _is_no_path_here(str((case.path_parameters or {}).get("user_id", ""))):
        return True
    asked = set(case.query or {})
    if "cursor" in asked or {"from", "to"} <= asked:
        return True  # A cursor must be one of ours, and `from` before `to`.
    body = case.body if isinstance(case.body, dict) else {}
    if "payload_ref" in body:
        return True  # It must name an upload that was made, and there must be no payload beside it.
    # Two ids must be the same one.
    return "Idempotency-Key" in (case.headers or {}) and bool({"event_id", "id"} & set(body))


def _is_no_path_here(user_id: str) -> bool:
    """Tell whether an id cannot be written in a path, or not where the gateway decodes it, as the emulator does."""
    return user_id in {".", ".."} or "/" in user_id or "%" in user_id
