"""The rules as the Pulumi CLI meets them: its resources in, its reports out, and the server that `__main__` is."""

import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import grpc
import pytest
from google.protobuf import struct_pb2
from pulumi.runtime.proto import analyzer_pb2, analyzer_pb2_grpc
from pulumi_policy import (
    EnforcementLevel,
    PolicyCustomTimeouts,
    PolicyProviderResource,
    PolicyResource,
    PolicyResourceOptions,
    Secret,
    StackValidationArgs,
)
from pulumi_policy.proxy import UNKNOWN_STRING_VALUE, unknown_checking_proxy

from policy import RULES, UNKNOWN, tokens
from policy.pulumi_pack import policies, stack_of
from tests.support.policy_stacks import COMPONENT, urn_of
from tests.support.stack_builders import REPOSITORY

PARENT = PolicyResource(COMPONENT, {}, urn_of(COMPONENT, "thing"), "thing", None, None, None, [], {})


def options(*, protect: bool = False) -> PolicyResourceOptions:
    return PolicyResourceOptions(protect, [], False, [], [], PolicyCustomTimeouts(0, 0, 0), "")


def resource(type_: str, name: str, props: dict[str, Any], **links: list[PolicyResource]) -> PolicyResource:
    provider = PolicyProviderResource("pulumi:providers:aws", {}, urn_of("pulumi:providers:aws", "aws"), "aws")
    linked = [other for others in links.values() for other in others]
    return PolicyResource(
        type_, unknown_checking_proxy(props), urn_of(type_, name), name, options(), provider, PARENT, linked, links
    )


PARENT.opts = options()


def reported(rule: str, *resources: PolicyResource) -> list[tuple[str, str]]:
    (policy,) = [policy for policy in policies() if policy.name == rule]
    reports: list[tuple[str, str]] = []
    policy.validate(StackValidationArgs([PARENT, *resources], {}, {}), lambda text, urn: reports.append((text, urn)))
    return reports


def test_every_rule_is_a_policy_that_stops_the_preview():
    assert [rule.id for rule in RULES] == [policy.name for policy in policies()]
    assert {EnforcementLevel.MANDATORY} == {policy.enforcement_level for policy in policies()}


def test_a_finding_is_reported_with_the_name_and_urn_of_its_resource():
    dead = resource(tokens.QUEUE, "dead", {"messageRetentionSeconds": 60})
    main = resource(tokens.QUEUE, "main", {"redrivePolicy": "{}", "messageRetentionSeconds": 60}, redrivePolicy=[dead])

    ((text, urn),) = reported("dead-letters-outlive-the-queue", dead, main)
    assert text.startswith("main keeps messages 60 s and its dead-letter queue dead only 60 s")
    assert text.endswith(".")
    assert main.urn == urn


def test_what_a_preview_cannot_know_is_our_unknown_and_not_an_error():
    queue = resource(tokens.QUEUE, "main", {"receiveWaitTimeSeconds": UNKNOWN_STRING_VALUE, "tags": {"a": "b"}})

    (found,) = [item for item in stack_of([queue]).resources if item.name == "main"]
    assert {"receiveWaitTimeSeconds": UNKNOWN, "tags": {"a": "b"}} == found.inputs
    assert [] == reported("queue-long-polling", queue)


def test_the_clis_resources_keep_what_rules_ask_for():
    dead = resource(tokens.QUEUE, "dead", {})
    main = resource(tokens.QUEUE, "main", {"secret": Secret("s")}, redrivePolicy=[dead])

    parent, found = stack_of([PARENT, main]).resources
    assert (False, True) == (parent.custom, found.custom)
    assert (PARENT.urn, urn_of("pulumi:providers:aws", "aws")) == (found.parent, found.provider)
    assert ((dead.urn,), {"redrivePolicy": (dead.urn,)}) == (found.dependencies, found.property_dependencies)
    assert {"secret": "s"} == found.inputs


@pytest.fixture
def served() -> Iterator[analyzer_pb2_grpc.AnalyzerStub]:
    """The pack as the CLI starts it: a process that prints its port and answers."""
    process = subprocess.Popen((sys.executable, "policy"), cwd=REPOSITORY, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        with grpc.insecure_channel(f"127.0.0.1:{int(process.stdout.readline())}") as channel:
            yield analyzer_pb2_grpc.AnalyzerStub(channel)
    finally:
        process.kill()
        process.communicate()


def test_the_pack_answers_the_cli(served: analyzer_pb2_grpc.AnalyzerStub):
    props = struct_pb2.Struct()
    props.update({"receiveWaitTimeSeconds": 0})
    queue = analyzer_pb2.AnalyzerResource(
        type=tokens.QUEUE,
        urn=urn_of(tokens.QUEUE, "main"),
        name="main",
        properties=props,
        options=analyzer_pb2.AnalyzerResourceOptions(),
    )

    assert "fluxa" == served.GetAnalyzerInfo(struct_pb2.Struct()).name
    answer = served.AnalyzeStack(analyzer_pb2.AnalyzeStackRequest(resources=[queue]))
    found = {item.policyName: item.message for item in answer.diagnostics}
    assert "set receiveWaitTimeSeconds to 20" in found["queue-long-polling"]
    assert {"queue-gives-up-somewhere", "queue-tls-only", "explicit-provider"} < set(found)
