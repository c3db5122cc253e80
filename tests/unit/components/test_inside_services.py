"""Which interface endpoints a stack pays for."""

import json
from typing import Any

import pytest

from components.inside_services import inside_services
from components.policy import policy_json
from components.settings import StackSettings, parse_settings
from tests.support.pulumi_recorder import deploy
from tests.support.stack_builders import a_platform, a_queue

RELAXED = {"deletion_protection": False}


def settings_of(**sections: Any) -> StackSettings:
    return parse_settings(sections)


def services_of(**sections: Any) -> dict[str, list[dict[str, Any]]]:
    """Return the statements that may pass, by service."""
    found: dict[str, str] = {}

    def program() -> None:
        services = inside_services(settings_of(**sections), a_platform(), a_queue())
        for service, statements in services.items():
            policy_json(statements).apply(lambda text, service=service: found.update({service: text}))

    deploy(program)
    return {service: json.loads(text)["Statement"] for service, text in found.items()}


@pytest.mark.parametrize(
    ("sections", "services"),
    [
        ({}, ["sqs", "ssm"]),
        ({"secrets": {"backend": "iam"}}, ["sqs", "ssm"]),
        ({"secrets": {"backend": "secretsmanager"}}, ["sqs", "secretsmanager"]),
        ({"observability": {"reconciliation": True}}, ["sqs", "ssm", "monitoring"]),
        ({"network": {"egress": "nat"}}, []),
        ({"network": {"egress": "nat"}, "observability": {"reconciliation": True}}, []),
        ({"network": {"mode": "public", "allowed_cidrs": ["203.0.113.0/24"]}, "database": RELAXED}, []),
    ],
)
def test_exactly_what_the_toggles_need_is_paid_for(sections, services):
    found: list[str] = []
    deploy(lambda: found.extend(inside_services(settings_of(**sections), a_platform(), a_queue())))

    assert services == found


def test_only_parameters_of_this_stack_are_read_and_nothing_of_ssm_else():
    assert [
        {
            "Effect": "Allow",
            "Action": ["ssm:GetParameter"],
            "Resource": ["arn:aws:ssm:eu-central-1:123456789012:parameter/fluxa/test/*"],
        }
    ] == services_of()["ssm"]


def test_secrets_are_read_and_rotated_and_nothing_of_secrets_manager_else():
    assert [
        {
            "Effect": "Allow",
            "Action": [
                "secretsmanager:GetSecretValue",
                "secretsmanager:DescribeSecret",
                "secretsmanager:PutSecretValue",
                "secretsmanager:UpdateSecretVersionStage",
            ],
            # RDS names the master user's secret, so the stack's own path would not cover it.
            "Resource": ["arn:aws:secretsmanager:eu-central-1:123456789012:secret:*"],
        }
    ] == services_of(secrets={"backend": "secretsmanager"})["secretsmanager"]


def test_secrets_that_nobody_rotates_are_only_read():
    (statement,) = services_of(secrets={"backend": "secretsmanager", "rotation_days": None})["secretsmanager"]

    assert ["secretsmanager:GetSecretValue"] == statement["Action"]


def test_reconciliation_reads_metrics_and_nothing_else_of_cloudwatch():
    assert [{"Effect": "Allow", "Action": ["cloudwatch:GetMetricData"], "Resource": ["*"]}] == services_of(
        observability={"reconciliation": True}
    )["monitoring"]


def test_queues_are_used_as_the_queue_offers():
    actions = {action for statement in services_of()["sqs"] for action in statement["Action"]}

    assert {"sqs:SendMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ChangeMessageVisibility"} <= actions
