"""The running API is what openapi.yaml says, for generated requests good and bad."""

from pathlib import Path

import hypothesis
import pytest
import schemathesis
import yaml
from schemathesis.checks import CheckFunction
from schemathesis.specs.openapi.checks import positive_data_acceptance, unsupported_method

from tests.support.api import Api

CASES_PER_OPERATION = 400
"""Four operations make well over a thousand cases, although /health takes next to nothing that could vary."""

_DOCUMENT = yaml.safe_load((Path(__file__).parents[2] / "openapi.yaml").read_text())
schema = schemathesis.openapi.from_dict(_DOCUMENT)
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
    return [unsupported_method, positive_data_acceptance] if _beyond_the_schema(case) else [unsupported_method]


def _beyond_the_schema(case: schemathesis.Case) -> bool:
    """Tell whether the request may break a rule between two values, which no schema can state."""
    asked = set(case.query or {})
    if "cursor" in asked or {"from", "to"} <= asked:
        return True  # A cursor must be one of ours, and `from` before `to`.
    body = case.body if isinstance(case.body, dict) else {}
    # Two ids must be the same one.
    return "Idempotency-Key" in (case.headers or {}) and bool({"event_id", "id"} & set(body))


@pytest.fixture(scope="module", autouse=True)
def _at_least_a_thousand_cases() -> object:
    yield
    assert len(_sent) >= 1_000, f"only {len(_sent)} cases were sent"
