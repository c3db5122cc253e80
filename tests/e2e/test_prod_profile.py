"""`fluxa dev --profile prod`: production's shape on one machine."""

from pathlib import Path

import httpx
import pytest

from fluxa.local.platform import LocalPlatform
from tests.support.api import Api

pytestmark = pytest.mark.timeout(120)


def test_productions_shape_accepts_an_event_and_answers_it(prod_platform: LocalPlatform):
    api = Api(prod_platform.outputs.document())
    try:
        api.post({"event_id": "prod-small", "type": "order.created", "payload": {"n": 1}})
        api.post({"event_id": "prod-large", "type": "order.created", "payload": "x" * 600_000})
        small, large = api.get_event("prod-small"), api.get_event("prod-large")
    finally:
        api.close()

    assert {"n": 1} == small["payload"]
    assert "x" * 600_000 == httpx.get(large["payload_url"]).json()


def test_what_production_has_and_a_laptop_has_not_is_there(prod_platform: LocalPlatform):
    client = prod_platform.emulator.client

    assert 3 == len({subnet["AvailabilityZone"] for subnet in client("ec2").describe_subnets()["Subnets"]})
    assert 1 == len(client("rds").describe_db_proxies()["DBProxies"])
    assert 1 == len(client("wafv2").list_web_acls(Scope="REGIONAL")["WebACLs"])
    assert ["alias/fluxa-local"] == [
        alias["AliasName"]
        for alias in client("kms").list_aliases()["Aliases"]
        if not alias["AliasName"].startswith("alias/aws/")
    ]


EVERYTHING = {
    "alarms.email": ["platform@example.org"],
    "alarms.sns_topic_arns": ["arn:aws:sns:us-east-1:000000000000:pager"],
    "api.certificate_arn": "arn:aws:acm:us-east-1:000000000000:certificate/events",
    "api.domain_name": "events.example.org",
    "api.hosted_zone_id": "Z123",
    "api.manage_logging_role": True,
    "api.quota_per_day": 100_000,
    "database.read_replica": True,
    "database.retention_days": 90,
    "functions.code_signing_config_arn": f"arn:aws:lambda:us-east-1:000000000000:code-signing-config:csc-{'0' * 17}",
    "ingest.max_concurrency": 20,
    "ingest.provisioned_concurrency": 1,
    "network.egress": "nat",
    "processing.handlers": "tests/handlers",
    "processing.provisioned_concurrency": 1,
    "processing.reserved_concurrency": 10,
    "query.provisioned_concurrency": 1,
}
"""What production could switch on and does not."""


@pytest.mark.slow
def test_everything_that_can_be_switched_on_is_created_and_works(tmp_path: Path):
    with LocalPlatform(state_dir=tmp_path, overrides=EVERYTHING, profile="prod") as running:
        api = Api(running.outputs.document())
        try:
            stored = api.get_event(api.post({"type": "order.created", "payload": [1]}).json()["event_id"])
            listed = api.list_events(type="order.created")["items"]
        finally:
            api.close()

    assert [1] == stored["payload"]
    assert [stored["event_id"]] == [event["event_id"] for event in listed]
