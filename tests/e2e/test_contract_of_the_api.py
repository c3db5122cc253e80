"""The running API is what openapi.yaml says, for generated requests good and bad.

`make scale` sends several times as many.
"""

from collections.abc import Iterator

import pytest
import schemathesis

from tests.support.api import Api
from tests.support.generated_requests import SLOW_OPERATION, of_each_operation, schema, send_and_check

CASES_PER_OPERATION = 200
CASES_AT_LEAST = 1_200
"""Some operations, such as GET /health, take next to nothing that could vary."""
SLOW_CASES = 10

_sent: list[str] = []


@pytest.mark.timeout(600)
@schema.exclude(operation_id=SLOW_OPERATION).parametrize()
@of_each_operation(CASES_PER_OPERATION)
def test_every_answer_is_described(case: schemathesis.Case, api: Api) -> None:
    """No server error, no undescribed status, type, header or body; bad requests are refused, good ones are not."""
    _sent.append(case.operation.label)

    send_and_check(case, api)


@pytest.mark.timeout(600)
@schema.include(operation_id=SLOW_OPERATION).parametrize()
@of_each_operation(SLOW_CASES)
def test_every_answer_about_erasing_is_described(case: schemathesis.Case, api: Api) -> None:
    _sent.append(case.operation.label)

    send_and_check(case, api)


@pytest.fixture(scope="module", autouse=True)
def _nobody_waits_behind_made_up_events(api: Api) -> Iterator[None]:
    """Hundreds of them are in the queue afterwards, and the next test waits seconds for its own."""
    yield
    queue = api.aws("sqs")
    queue.purge_queue(QueueUrl=api.outputs["queue_url"])


@pytest.fixture(scope="module", autouse=True)
def _enough_was_sent() -> Iterator[None]:
    yield
    assert len(_sent) >= CASES_AT_LEAST, f"only {len(_sent)} cases were sent"
