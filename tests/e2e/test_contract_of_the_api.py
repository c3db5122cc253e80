"""The running API is what openapi.yaml says, for generated requests good and bad."""

from pathlib import Path

import hypothesis
import pytest
import schemathesis
import yaml

from tests.support.api import Api

CASES_PER_OPERATION = 260
"""Four operations make more than a thousand cases."""

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

    case.validate_response(response)


@pytest.fixture(scope="module", autouse=True)
def _at_least_a_thousand_cases() -> object:
    yield
    assert len(_sent) >= 1_000, f"only {len(_sent)} cases were sent"
