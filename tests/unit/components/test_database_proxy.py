"""DatabaseProxy: who may come through it, with what, and how long anybody waits."""

import pytest

from functions.adapters.postgres import BORROW_TIMEOUT_SECONDS, MAX_LIFETIME_SECONDS
from tests.support.database_stacks import KEY_ARN, awaited_in, database_with
from tests.support.pulumi_recorder import deploy
from tests.support.stack_builders import ACCOUNT_ID, SECRET_LOOKUPS, a_database, a_network, document_of

PROXY = "aws:rds/proxy:Proxy"
POOL = "aws:rds/proxyDefaultTargetGroup:ProxyDefaultTargetGroup"
TARGET = "aws:rds/proxyTarget:ProxyTarget"
ROLE_POLICY = "aws:iam/rolePolicy:RolePolicy"

PASSWORDS = {"backend": "secretsmanager"}
TOKENS = {"backend": "iam"}
BY_SECRETS_MANAGER = {"StringEquals": {"kms:ViaService": "secretsmanager.eu-central-1.amazonaws.com"}}


def a_way_in(secret: str, role: str) -> dict[str, str]:
    return {
        "authScheme": "SECRETS",
        "description": role,
        "iamAuth": "DISABLED",
        "clientPasswordAuthType": "POSTGRES_SCRAM_SHA_256",
        "secretArn": f"arn:aws:test:::{secret}",
    }


def test_the_proxy_consists_of_exactly_these_parts():
    stack = database_with(proxy=True, secrets=PASSWORDS)

    assert [
        ("aws:cloudwatch/logGroup:LogGroup", "database-proxy-logs"),
        ("aws:iam/role:Role", "database-proxy-role"),
        (ROLE_POLICY, "database-proxy-policy"),
        (PROXY, "database-proxy-proxy"),
        (POOL, "database-proxy-pool"),
        (TARGET, "database-proxy-target"),
    ] == stack.children("database-proxy")


def test_the_proxy_takes_both_roles_passwords_over_tls_and_logs_no_statements():
    stack = database_with(proxy=True, secrets=PASSWORDS)

    assert {
        "name": "fluxa-test-database-proxy",
        "engineFamily": "POSTGRESQL",
        "requireTls": True,
        "idleClientTimeout": 900,
        "debugLogging": False,
        "roleArn": "arn:aws:test:::database-proxy-role",
        "vpcSubnetIds": ["network-database-0-id", "network-database-1-id"],
        "vpcSecurityGroupIds": ["network-proxy-group-id"],
        "auths": [
            a_way_in("database-processor-password-secret", "fluxa_processor"),
            a_way_in("database-query-password-secret", "fluxa_query"),
        ],
    } == stack.one(PROXY).inputs


def test_with_tokens_the_proxy_knows_no_secret():
    inputs = database_with(proxy=True, secrets=TOKENS).one(PROXY).inputs

    assert "IAM_AUTH" == inputs["defaultAuthScheme"]
    assert "auths" not in inputs


def test_the_proxy_may_read_the_two_passwords_it_needs_and_nothing_else():
    stack = database_with(proxy=True, secrets=PASSWORDS | {"encryption": "kms"})

    decrypt = {"Effect": "Allow", "Action": ["kms:Decrypt"], "Resource": [KEY_ARN], "Condition": BY_SECRETS_MANAGER}
    read = {"Effect": "Allow", "Action": ["secretsmanager:GetSecretValue"]}
    assert [
        read | {"Resource": ["arn:aws:test:::database-processor-password-secret"]},
        decrypt,
        read | {"Resource": ["arn:aws:test:::database-query-password-secret"]},
        decrypt,
    ] == document_of(stack.one(ROLE_POLICY))["Statement"]


def test_with_tokens_the_proxy_may_log_in_as_the_two_roles_and_nobody_else():
    stack = database_with(proxy=True, secrets=TOKENS)

    users = f"arn:aws:rds-db:eu-central-1:{ACCOUNT_ID}:dbuser:db-database-instance"
    assert [
        {
            "Effect": "Allow",
            "Action": ["rds-db:connect"],
            "Resource": [f"{users}/fluxa_processor", f"{users}/fluxa_query"],
        }
    ] == document_of(stack.one(ROLE_POLICY))["Statement"]


def test_query_s_password_is_none_of_the_proxy_s_where_query_reads_from_a_replica():
    stack = database_with(proxy=True, read_replica=True, secrets=PASSWORDS)

    (way_in,) = stack.one(PROXY).inputs["auths"]
    assert a_way_in("database-processor-password-secret", "fluxa_processor") == way_in
    (statement,) = document_of(stack.one(ROLE_POLICY))["Statement"]
    assert ["arn:aws:test:::database-processor-password-secret"] == statement["Resource"]


def test_only_rds_takes_on_the_proxy_s_role():
    stack = database_with(proxy=True, secrets=PASSWORDS)

    trust = document_of(stack.one("aws:iam/role:Role", "database-proxy-role"), "assumeRolePolicy")
    assert [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "rds.amazonaws.com"}}] == trust[
        "Statement"
    ]


def test_the_proxy_leaves_connections_for_maintenance_and_people():
    pool = database_with(proxy=True, secrets=PASSWORDS).one(POOL).inputs

    assert {
        "dbProxyName": "fluxa-test-database-proxy",
        "connectionPoolConfig": {
            "maxConnectionsPercent": 80,
            "maxIdleConnectionsPercent": 40,
            "connectionBorrowTimeout": 4,
        },
    } == pool


def test_the_proxy_gives_up_before_the_function_that_waits_for_it():
    pool = database_with(proxy=True, secrets=PASSWORDS).one(POOL).inputs["connectionPoolConfig"]

    assert pool["connectionBorrowTimeout"] < BORROW_TIMEOUT_SECONDS


def test_the_proxy_keeps_a_connection_as_long_as_a_function_does():
    proxy = database_with(proxy=True, secrets=PASSWORDS).one(PROXY).inputs

    assert MAX_LIFETIME_SECONDS == proxy["idleClientTimeout"]


def test_the_instance_becomes_the_target_when_it_the_pool_and_the_way_to_it_are_there():
    stack = database_with(proxy=True, secrets=PASSWORDS)

    target = stack.one(TARGET)
    assert {
        "dbProxyName": "fluxa-test-database-proxy",
        "targetGroupName": "database-proxy-pool-physical",
        "dbInstanceIdentifier": "fluxa-test-database",
    } == target.inputs
    assert {
        "database-instance",
        "database-proxy-pool",
        "network-proxied-in",
        "network-proxied-out",
        "network-proxy-in",
    } <= target.dependencies


def test_the_proxy_s_log_group_and_permissions_are_there_before_it():
    stack = database_with(proxy=True, secrets=PASSWORDS)

    assert (
        "/aws/rds/proxy/fluxa-test-database-proxy"
        == stack.one("aws:cloudwatch/logGroup:LogGroup", "database-proxy-logs").inputs["name"]
    )
    assert {"database-proxy-logs", "database-proxy-policy"} <= stack.one(PROXY).dependencies


def test_a_throw_away_database_without_tls_has_a_proxy_without_it():
    stack = database_with(proxy=True, secrets=PASSWORDS, require_tls=False, deletion_protection=False)

    assert stack.one(PROXY).inputs["requireTls"] is False


def test_whoever_connects_waits_for_the_proxy_and_its_target():
    awaited = awaited_in(proxy=True, secrets=PASSWORDS)

    assert {"database-instance", "database-proxy-proxy", "database-proxy-target"} == awaited


def test_a_network_without_room_for_a_proxy_is_refused():
    with pytest.raises(ValueError, match="the network was made without room for one"):
        deploy(lambda: a_database(a_network(), proxy=True), lookups=SECRET_LOOKUPS)
