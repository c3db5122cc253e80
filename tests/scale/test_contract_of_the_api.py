"""The running API is what openapi.yaml says, for thousands of generated requests to all of its operations."""

from collections import Counter
from collections.abc import Iterator

import pytest
import schemathesis

from tests.support.api import Api
from tests.support.generated_requests import SLOW_OPERATION, of_each_operation, schema, send_and_check

CASES_PER_OPERATION = 800
SLOW_CASES = 40
CASES_AT_LEAST = 5_000

_sent: Counter[str] = Counter()


@pytest.mark.timeout(3_000)
@schema.exclude(operation_id=SLOW_OPERATION).parametrize()
@of_each_operation(CASES_PER_OPERATION)
def test_every_answer_is_described(case: schemathesis.Case, api: Api) -> None:
    """No server error, no undescribed status, type, header or body; bad requests are refused, good ones are not."""
    _sent[case.operation.label] += 1

    send_and_check(case, api)


@pytest.mark.timeout(3_000)
@schema.include(operation_id=SLOW_OPERATION).parametrize()
@of_each_operation(SLOW_CASES)
def test_every_answer_about_erasing_is_described(case: schemathesis.Case, api: Api) -> None:
    _sent[case.operation.label] += 1

    send_and_check(case, api)


@pytest.fixture(scope="module", autouse=True)
def _enough_was_sent() -> Iterator[None]:
    yield
    print(f"\nGenerated requests: {_sent.total():,}, of them {dict(_sent)}.")
    assert _sent.total() >= CASES_AT_LEAST, f"only {_sent.total()} cases were sent"
