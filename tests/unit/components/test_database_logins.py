"""EventDatabase: where each role connects to, what it proves itself with, and what maintenance needs for that."""

import pytest

from functions.common.names import DatabaseRole
from tests.support.database_stacks import KEY_ARN, login_of, role_secrets_of
from tests.support.stack_builders import ACCOUNT_ID

ADMIN, PROCESSOR, QUERY = DatabaseRole.ADMIN, DatabaseRole.PROCESSOR, DatabaseRole.QUERY
PASSWORDS = {"backend": "secretsmanager"}
TOKENS = {"backend": "iam"}


def reading(*, action: str, resource: str) -> dict[str, object]:
    return {"Effect": "Allow", "Action": [action], "Resource": [resource]}


def using_the_key(service: str, *actions: str) -> dict[str, object]:
    through = {"StringEquals": {"kms:ViaService": f"{service}.eu-central-1.amazonaws.com"}}
    return {"Effect": "Allow", "Action": list(actions), "Resource": [KEY_ARN], "Condition": through}


def connecting(resource_id: str, role: str) -> dict[str, object]:
    user = f"arn:aws:rds-db:eu-central-1:{ACCOUNT_ID}:dbuser:{resource_id}/{role}"
    return {"Effect": "Allow", "Action": ["rds-db:connect"], "Resource": [user]}


@pytest.mark.parametrize(
    ("role", "parameter"),
    [(ADMIN, "database/password"), (PROCESSOR, "database/processor-password"), (QUERY, "database/query-password")],
)
def test_by_ssm_each_role_reads_its_own_parameter_and_no_other(role, parameter):
    login = login_of(role)

    assert {
        "DATABASE_HOST": "database-instance.test",
        "DATABASE_PORT": "5432",
        "DATABASE_NAME": "fluxa",
        "DATABASE_USER": role.value,
        "DATABASE_AUTH": "ssm",
        "DATABASE_SECRET": f"/fluxa/test/{parameter}",
        "DATABASE_TLS": "verify-full",
    } == login.environment
    resource = f"arn:aws:test:::{parameter.replace('/', '-')}-parameter"
    assert [reading(action="ssm:GetParameter", resource=resource)] == login.statements


@pytest.mark.parametrize(
    ("role", "secret"),
    [
        (ADMIN, "arn:aws:secretsmanager:::secret:database-instance-master"),
        (PROCESSOR, "arn:aws:test:::database-processor-password-secret"),
        (QUERY, "arn:aws:test:::database-query-password-secret"),
    ],
)
def test_by_secrets_manager_each_role_reads_its_own_secret_and_no_other(role, secret):
    login = login_of(role, secrets=PASSWORDS)

    assert {
        "DATABASE_HOST": "database-instance.test",
        "DATABASE_PORT": "5432",
        "DATABASE_NAME": "fluxa",
        "DATABASE_USER": role.value,
        "DATABASE_AUTH": "secretsmanager",
        "DATABASE_SECRET": secret,
        "DATABASE_TLS": "verify-full",
    } == login.environment
    assert [reading(action="secretsmanager:GetSecretValue", resource=secret)] == login.statements


@pytest.mark.parametrize("role", [PROCESSOR, QUERY])
def test_by_token_a_role_connects_as_itself_and_has_no_secret(role):
    login = login_of(role, secrets=TOKENS)

    assert {
        "DATABASE_HOST": "database-instance.test",
        "DATABASE_PORT": "5432",
        "DATABASE_NAME": "fluxa",
        "DATABASE_USER": role.value,
        "DATABASE_AUTH": "iam",
        "DATABASE_TLS": "verify-full",
    } == login.environment
    assert [connecting("db-database-instance", role.value)] == login.statements


def test_where_others_have_tokens_the_master_keeps_a_password_for_the_first_login():
    login = login_of(ADMIN, secrets=TOKENS)

    assert ("ssm", "/fluxa/test/database/password") == (
        login.environment["DATABASE_AUTH"],
        login.environment["DATABASE_SECRET"],
    )
    resource = "arn:aws:test:::database-password-parameter"
    assert [reading(action="ssm:GetParameter", resource=resource)] == login.statements


@pytest.mark.parametrize(("backend", "service"), [("ssm", "ssm"), ("secretsmanager", "secretsmanager"), ("iam", "ssm")])
@pytest.mark.parametrize("role", [ADMIN, PROCESSOR])
def test_whoever_reads_a_secret_under_the_stack_s_key_may_decrypt_by_that_service_only(backend, service, role):
    login = login_of(role, secrets={"backend": backend, "encryption": "kms"})

    has_a_secret = backend != "iam" or role is ADMIN
    assert ([using_the_key(service, "kms:Decrypt")] if has_a_secret else []) == login.statements[1:]


@pytest.mark.parametrize("secrets", [PASSWORDS, TOKENS])
@pytest.mark.parametrize(
    ("role", "toggles", "way"),
    [
        (ADMIN, {"proxy": True, "read_replica": True}, ("database-instance.test", "verify-full")),
        (PROCESSOR, {"proxy": True, "read_replica": True}, ("database-proxy-proxy.test", "verify-system")),
        (QUERY, {"proxy": True, "read_replica": True}, ("database-replica.test", "verify-full")),
        (QUERY, {"proxy": True}, ("database-proxy-proxy.test", "verify-system")),
        (PROCESSOR, {"read_replica": True}, ("database-instance.test", "verify-full")),
        (QUERY, {"read_replica": True}, ("database-replica.test", "verify-full")),
    ],
)
def test_each_role_has_its_way_to_the_database_and_knows_whose_certificate_it_meets(secrets, role, toggles, way):
    environment = login_of(role, secrets=secrets, **toggles).environment

    assert way == (environment["DATABASE_HOST"], environment["DATABASE_TLS"])


@pytest.mark.parametrize(
    ("role", "toggles", "resource_id"),
    [
        (PROCESSOR, {"proxy": True}, "prx-database-proxy-proxy"),
        (QUERY, {"proxy": True}, "prx-database-proxy-proxy"),
        (QUERY, {"proxy": True, "read_replica": True}, "db-database-replica"),
    ],
)
def test_a_token_is_for_what_the_role_connects_to_by_aws_s_own_id(role, toggles, resource_id):
    login = login_of(role, secrets=TOKENS, **toggles)

    assert [connecting(resource_id, role.value)] == login.statements


@pytest.mark.parametrize("toggles", [{}, {"proxy": True, "secrets": PASSWORDS}])
def test_nobody_speaks_tls_to_a_throw_away_database_that_does_without(toggles):
    environment = login_of(PROCESSOR, require_tls=False, deletion_protection=False, **toggles).environment

    assert "disable" == environment["DATABASE_TLS"]


def test_beside_a_replica_maintenance_reads_the_stack_s_own_secret():
    login = login_of(ADMIN, read_replica=True, secrets=PASSWORDS)

    secret = "arn:aws:test:::database-password-secret"
    assert secret == login.environment["DATABASE_SECRET"]
    assert [reading(action="secretsmanager:GetSecretValue", resource=secret)] == login.statements


def test_by_ssm_maintenance_reads_both_passwords_to_tell_the_server():
    offered = role_secrets_of(secrets={"backend": "ssm", "encryption": "kms"})

    assert {
        "LOGIN_BACKEND": "ssm",
        "PROCESSOR_SECRET": "/fluxa/test/database/processor-password",
        "QUERY_SECRET": "/fluxa/test/database/query-password",
    } == offered.environment
    assert [
        reading(action="ssm:GetParameter", resource="arn:aws:test:::database-processor-password-parameter"),
        using_the_key("ssm", "kms:Decrypt"),
        reading(action="ssm:GetParameter", resource="arn:aws:test:::database-query-password-parameter"),
        using_the_key("ssm", "kms:Decrypt"),
    ] == offered.statements


def test_by_secrets_manager_maintenance_may_change_both_passwords_and_never_the_master_s():
    offered = role_secrets_of(secrets=PASSWORDS | {"encryption": "kms"})

    secrets = [f"arn:aws:test:::database-{role}-password-secret" for role in ("processor", "query")]
    assert {
        "LOGIN_BACKEND": "secretsmanager",
        "PROCESSOR_SECRET": secrets[0],
        "QUERY_SECRET": secrets[1],
    } == offered.environment
    rotate = [
        "secretsmanager:GetSecretValue",
        "secretsmanager:DescribeSecret",
        "secretsmanager:PutSecretValue",
        "secretsmanager:UpdateSecretVersionStage",
    ]
    changing = [{"Effect": "Allow", "Action": rotate, "Resource": [secret]} for secret in secrets]
    by_key = using_the_key("secretsmanager", "kms:Decrypt", "kms:GenerateDataKey")
    assert [changing[0], by_key, changing[1], by_key] == offered.statements


def test_passwords_that_do_not_rotate_are_only_read():
    offered = role_secrets_of(secrets=PASSWORDS | {"rotation_days": None})

    assert [
        reading(action="secretsmanager:GetSecretValue", resource=f"arn:aws:test:::database-{role}-password-secret")
        for role in ("processor", "query")
    ] == offered.statements


def test_with_tokens_maintenance_is_given_no_secret():
    offered = role_secrets_of(secrets=TOKENS)

    assert {"LOGIN_BACKEND": "iam"} == offered.environment
    assert [] == offered.statements
