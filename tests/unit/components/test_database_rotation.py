"""Rotation: who changes the application's passwords, how often, and from when on."""

import pulumi
import pytest
from pulumi_aws import ssm

from components.function_unit import FunctionUnit, FunctionUnitArgs
from functions.common.names import Service
from tests.support.database_stacks import a_keyed_database
from tests.support.pulumi_recorder import Recorder, deploy
from tests.support.stack_builders import ACCOUNT_ID, SECRET_LOOKUPS, a_platform

ROTATION = "aws:secretsmanager/secretRotation:SecretRotation"
PERMISSION = "aws:lambda/permission:Permission"
PASSWORDS = {"backend": "secretsmanager"}


def rotated(**settings: object) -> Recorder:
    """Deploy a database, a function that rotates, and what stands for the migrations."""

    def program() -> None:
        database = a_keyed_database(**settings)
        function = FunctionUnit(
            "maintenance",
            FunctionUnitArgs(service=Service.MAINTENANCE, platform=a_platform(), memory_mb=512, timeout_seconds=60),
        )
        migrated = ssm.Parameter(
            "migrated", type="String", value="yes", opts=pulumi.ResourceOptions(depends_on=database.ready)
        )
        database.rotate_with(function, pulumi.ResourceOptions(parent=function, depends_on=[migrated]))

    return deploy(program, lookups=SECRET_LOOKUPS)


def test_both_roles_passwords_change_every_month_and_once_at_the_start():
    stack = rotated(secrets=PASSWORDS)

    assert {
        f"database-{role}-rotation": {
            "secretId": f"arn:aws:test:::database-{role}-password-secret",
            "rotationLambdaArn": "arn:aws:test:::maintenance-live",
            "rotationRules": {"automaticallyAfterDays": 30},
            "rotateImmediately": True,
        }
        for role in ("processor", "query")
    } == {item.name: item.inputs for item in stack.of_type(ROTATION)}


def test_passwords_change_as_often_as_the_settings_say():
    stack = rotated(secrets=PASSWORDS | {"rotation_days": 7})

    assert [7, 7] == [item.inputs["rotationRules"]["automaticallyAfterDays"] for item in stack.of_type(ROTATION)]


def test_secrets_manager_may_call_the_function_for_these_secrets_of_this_account_only():
    stack = rotated(secrets=PASSWORDS)

    assert {
        f"database-{role}-rotation-permission": {
            "action": "lambda:InvokeFunction",
            "function": "fluxa-test-maintenance",
            "qualifier": "live",
            "principal": "secretsmanager.amazonaws.com",
            "sourceAccount": ACCOUNT_ID,
            "sourceArn": f"arn:aws:test:::database-{role}-password-secret",
        }
        for role in ("processor", "query")
    } == {item.name: item.inputs for item in stack.of_type(PERMISSION)}


def test_nothing_rotates_before_the_migrations_made_the_roles_and_the_function_may_be_called():
    stack = rotated(secrets=PASSWORDS)

    for role in ("processor", "query"):
        rotation = stack.one(ROTATION, f"database-{role}-rotation")
        assert {"migrated", f"database-{role}-rotation-permission", f"database-{role}-password-version"} <= (
            rotation.dependencies
        )


@pytest.mark.parametrize(
    "secrets", [{"backend": "ssm"}, {"backend": "iam"}, {"backend": "secretsmanager", "rotation_days": None}]
)
def test_what_does_not_rotate_calls_nobody(secrets):
    stack = rotated(secrets=secrets)

    assert [] == stack.of_type(ROTATION) + stack.of_type(PERMISSION)


def test_the_master_s_password_is_not_maintenance_s_to_change():
    # RDS does it, or, beside a replica, nobody: maintenance would be changing what it is logged in with.
    stack = rotated(secrets=PASSWORDS, read_replica=True)

    assert {"database-processor-rotation", "database-query-rotation"} == {item.name for item in stack.of_type(ROTATION)}
