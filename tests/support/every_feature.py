"""Traffic through everything that a platform can do, so that every call it ever makes of AWS is made once."""

import hashlib
import json
import time
import uuid
from typing import Any

import httpx
import psycopg

from fluxa.local.platform import LocalPlatform
from tests.support.api import Api, eventually

ROTATION_STEPS = ("createSecret", "setSecret", "testSecret", "finishSecret")


def use_every_feature(platform: LocalPlatform, api: Api) -> None:
    """Store, refuse, delay, park and erase events, ask for them in every way, and do all the work with a schedule."""
    run = f"every-{time.time_ns()}"
    _store_and_ask(api, run)
    _fail_in_every_way(api, run)
    _erase(api, run)
    for event in ({"task": "migrate"}, *_scheduled(platform)):
        maintain(platform, event)
    for secret in _rotated_secrets(platform):
        rotate(platform, secret)
    assert 200 == api.client.get("/health").status_code
    # With the password from before or after a rotation.
    api.get_event(api.post({"event_id": f"{run}-last", "type": "plain"}).json()["event_id"])


def maintain(platform: LocalPlatform, event: dict[str, Any]) -> dict[str, Any]:
    """Let the maintenance function do one thing, by the alias that the schedule calls."""
    answer = platform.emulator.client("lambda").invoke(
        FunctionName=platform.outputs.functions["maintenance"], Qualifier="live", Payload=json.dumps(event)
    )
    result: dict[str, Any] = json.loads(answer["Payload"].read())
    assert "FunctionError" not in answer, result
    return result


def make_effects_table(connection: psycopg.Connection) -> None:
    """Make the table of the handlers in `tests/handlers`, empty."""
    connection.execute("CREATE TABLE IF NOT EXISTS test_effects (event_id text NOT NULL)")
    connection.execute("TRUNCATE test_effects")


def rotate(platform: LocalPlatform, secret: str) -> None:
    """Do what Secrets Manager does when a secret is to be rotated; the emulator does not."""
    client = platform.emulator.client("secretsmanager")
    current = json.loads(client.get_secret_value(SecretId=secret)["SecretString"])
    version = str(uuid.uuid4())
    # AWS stages a version without a value, which the emulator cannot: so createSecret finds one.
    client.put_secret_value(
        SecretId=secret,
        ClientRequestToken=version,
        SecretString=json.dumps({**current, "password": uuid.uuid4().hex}),
        VersionStages=["AWSPENDING"],
    )
    for step in ROTATION_STEPS:
        maintain(platform, {"Step": step, "SecretId": secret, "ClientRequestToken": version})


def _store_and_ask(api: Api, run: str) -> None:
    api.get_event(api.post({"event_id": f"{run}-small", "type": run}).json()["event_id"])
    api.post({"event_id": f"{run}-large", "type": run, "payload": "x" * 600_000})
    large = api.get_event(f"{run}-large")
    assert 600_000 == len(httpx.get(large["payload_url"]).json())
    _upload(api, run)
    cursor = api.list_events(type=run, limit=1)["next_cursor"]
    assert 1 == len(api.list_events(type=run, limit=1, cursor=cursor)["items"])


def _upload(api: Api, run: str) -> None:
    content = b'"uploaded"'
    announced = {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    upload = api.client.post("/uploads", json=announced).json()
    event = {"event_id": f"{run}-uploaded", "type": run, "payload_ref": upload["payload_ref"]}
    assert 422 == api.post(event).status_code
    assert 200 == httpx.put(upload["url"], content=content, headers=upload["headers"]).status_code
    assert 202 == api.post(event).status_code
    assert content == httpx.get(api.get_event(event["event_id"])["payload_url"]).content


def _fail_in_every_way(api: Api, run: str) -> None:
    api.post({"event_id": f"{run}-small", "type": run, "payload": "another"})
    eventually(lambda: [letter for letter in api.dead_letters() if f"{run}-small" in letter["Body"]])
    api.post({"event_id": f"{run}-refused", "type": "effect.refused"})
    api.post({"event_id": f"{run}-late", "type": "effect.late"})
    for name, status in (("refused", "dead_lettered"), ("late", "completed")):
        eventually(lambda name=name, status=status: _is(api, f"{run}-{name}", status), timeout_seconds=60)


def _erase(api: Api, run: str) -> None:
    """Erase somebody with an event in each store, beside whom others' dead letters are left."""
    for name in ("mine", "mine-too"):
        api.post({"event_id": f"{run}-{name}", "type": run, "user_id": run, "payload": "x" * 600_000})
        eventually(lambda name=name: _is(api, f"{run}-{name}", "completed"))
    api.post({"event_id": f"{run}-parked", "type": "effect.refused", "user_id": run})
    eventually(lambda: _is(api, f"{run}-parked", "dead_lettered"))
    receipt = api.erase(run)
    assert [2, 3, 2, 1] == list(receipt["erased"].values()), receipt
    assert 200 == api.client.get(f"/erasures/{receipt['erasure_id']}").status_code


def _is(api: Api, event_id: str, status: str) -> bool:
    return bool(api.get_event(event_id)["status"] == status)


def _scheduled(platform: LocalPlatform) -> list[dict[str, Any]]:
    """Return what the maintenance function is told by the clock."""
    client = platform.emulator.client("scheduler")
    schedules = [client.get_schedule(Name=found["Name"]) for found in client.list_schedules()["Schedules"]]
    assert schedules
    return [json.loads(schedule["Target"]["Input"]) for schedule in schedules]


def _rotated_secrets(platform: LocalPlatform) -> list[str]:
    name = platform.outputs.functions["maintenance"]
    configuration = platform.emulator.client("lambda").get_function_configuration(FunctionName=name)
    variables = configuration["Environment"]["Variables"]
    if variables["LOGIN_BACKEND"] != "secretsmanager":
        return []
    return [variables["PROCESSOR_SECRET"], variables["QUERY_SECRET"]]
