"""A program's functions, queue and API work together on this machine, each function with its own role's rights only."""

import base64
import json
import time

import httpx
import pytest

from fluxa.local.emulator import Emulator
from fluxa.local.provider.aws.lambda_ import InvocationFailed
from tests.integration.provider.conftest import Deploy


@pytest.fixture
def api(deploy: Deploy, running_emulator: Emulator):
    """An HTTP client of the deployed API that sends the key, and the stack's outputs."""
    outputs = deploy("round_trip.py").outputs
    with httpx.Client(base_url=outputs["url"], headers={"x-api-key": outputs["key"]}, timeout=20) as client:
        yield client, outputs


def seen(emulator: Emulator, bucket: str, expected: str) -> str:
    s3 = emulator.client("s3")
    deadline = time.monotonic() + 20
    found = ""
    while time.monotonic() < deadline and found != expected:
        try:
            found = s3.get_object(Bucket=bucket, Key="seen")["Body"].read().decode()
        except s3.exceptions.NoSuchKey:
            found = ""
        time.sleep(0.05)
    return found


def test_what_is_posted_travels_through_the_queue_to_the_second_function(api, running_emulator: Emulator):
    client, outputs = api
    body = json.dumps({"type": "order.created", "note": None, "lines": [{"sku": "a", "parts": [{"sku": "b"}]}]})

    answer = client.post("/orders", content=body, headers={"Content-Type": "application/json"})

    assert answer.status_code == 202
    assert body == seen(running_emulator, outputs["bucket"], body)


@pytest.mark.parametrize(
    "body",
    [
        "{}",
        '{"type": 1}',
        '{"type": "a", "surprise": 1}',
        '{"type": "a", "lines": [{"sku": "a", "parts": [{}]}]}',
        '{"type": "a"',
    ],
)
def test_a_body_that_breaks_its_schema_is_refused_by_the_gateways_own_answer(api, body: str):
    client, _ = api

    answer = client.post("/orders", content=body, headers={"Content-Type": "application/json"})

    assert (answer.status_code, answer.json()["code"]) == (400, "bad_body")
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_required_parameter_is_required(api):
    client, _ = api

    without, having = client.get("/orders/1"), client.get("/orders/1", headers={"X-Trace": "t"})

    assert (without.status_code, without.json()["code"]) == (400, "bad_parameters")
    assert having.status_code == 202


def test_without_a_key_of_the_plan_nothing_is_served(api):
    client, _ = api

    answers = [client.post("/orders", json={"type": "a"}, headers={"x-api-key": key}) for key in ("", "x" * 40)]

    assert [(403, "bad_key")] * 2 == [(answer.status_code, answer.json()["code"]) for answer in answers]


def test_an_unknown_path_and_method_are_not_found(api):
    client, _ = api

    answers = [client.get("/nowhere"), client.delete("/orders")]

    assert [(404, "not_found")] * 2 == [(answer.status_code, answer.json()["code"]) for answer in answers]


def test_a_binary_media_type_reaches_the_function_as_base64(api, running_emulator: Emulator):
    client, outputs = api
    content = bytes(range(256))

    answer = client.put("/raw", content=content, headers={"Content-Type": "application/octet-stream"})

    assert answer.json() == {"base64": True}
    encoded = base64.b64encode(content).decode()
    assert encoded == seen(running_emulator, outputs["bucket"], encoded)


def test_a_function_may_do_what_its_role_says_and_nothing_else(api):
    client, _ = api

    answer = client.post("/forbidden", json={"type": "a"})

    assert answer.status_code == 403
    assert "AccessDenied" in answer.json()["error"]


def test_an_api_keeps_its_address_over_restarts(deploy: Deploy):
    assert deploy("round_trip.py").outputs["url"] == deploy("round_trip.py").outputs["url"]


def test_a_failed_invocation_fails_the_deployment_with_the_functions_own_words(deploy: Deploy):
    with pytest.raises(InvocationFailed, match=r"The function call-broken-\w{7} failed: .*no such table") as caught:
        deploy("failing_call.py")

    assert "about to fail on migrate" in str(caught.value)
