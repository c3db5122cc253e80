"""The running API is what openapi.yaml says, for generated requests good and bad."""

import json
from pathlib import Path
from typing import Any

import hypothesis
import pytest
import schemathesis
import yaml
from schemathesis.checks import CheckFunction
from schemathesis.specs.openapi.checks import negative_data_rejection, positive_data_acceptance, unsupported_method

from functions.common.uploads import UPLOAD_LIMIT_BYTES
from tests.support.api import Api
from tests.support.packing import PACKERS

CASES_PER_OPERATION = 400
"""Six operations make well over a thousand cases, although /health takes next to nothing that could vary."""


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
_sent: list[str] = []


@pytest.mark.timeout(600)
@schema.parametrize()
@hypothesis.settings(
    max_examples=CASES_PER_OPERATION,
    deadline=None,
    suppress_health_check=list(hypothesis.HealthCheck),
    phases=[hypothesis.Phase.explicit, hypothesis.Phase.generate, hypothesis.Phase.shrink],
)
def test_every_answer_is_described(case: schemathesis.Case, api: Api) -> None:
    """No server error, no undescribed status, type, header or body; bad requests are refused, good ones are not."""
    response = case.call(base_url=api.outputs["api_url"], headers={"x-api-key": api.outputs["api_key"]})
    _sent.append(case.operation.label)

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
    asked = set(case.query or {})
    if "cursor" in asked or {"from", "to"} <= asked:
        return True  # A cursor must be one of ours, and `from` before `to`.
    body = case.body if isinstance(case.body, dict) else {}
    if "payload_ref" in body:
        return True  # It must name an upload that was made, and there must be no payload beside it.
    # Two ids must be the same one.
    return "Idempotency-Key" in (case.headers or {}) and bool({"event_id", "id"} & set(body))


@pytest.fixture(scope="module", autouse=True)
def _nobody_waits_behind_made_up_events(api: Api) -> object:
    """Thousands of them are in the queue afterwards, and the next test waits seconds for its own."""
    yield
    queue = api.aws("sqs")
    queue.purge_queue(QueueUrl=api.outputs["queue_url"])


@pytest.fixture(scope="module", autouse=True)
def _at_least_a_thousand_cases() -> object:
    yield
    assert len(_sent) >= 1_000, f"only {len(_sent)} cases were sent"
