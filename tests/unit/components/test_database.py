"""EventDatabase: what is asked of RDS, and where its password goes."""

import pytest

from tests.support.pulumi_recorder import Recorder, deploy
from tests.support.stack_builders import SECRET, SECRET_LOOKUPS, a_database, a_network

INSTANCE = "aws:rds/instance:Instance"
PARAMETERS = "aws:rds/parameterGroup:ParameterGroup"


def database_with(**settings: object) -> Recorder:
    return deploy(lambda: a_database(a_network(), **settings), lookups=SECRET_LOOKUPS)


def test_the_database_consists_of_exactly_these_parts():
    stack = database_with()

    assert [
        ("aws:cloudwatch/logGroup:LogGroup", "database-postgresql-logs"),
        ("aws:cloudwatch/logGroup:LogGroup", "database-upgrade-logs"),
        (INSTANCE, "database-instance"),
        (PARAMETERS, "database-parameters"),
        ("aws:rds/subnetGroup:SubnetGroup", "database-subnets"),
        ("fluxa:secret_parameter:SecretParameter", "database-password"),
    ] == stack.children("database")


def test_the_instance_is_private_encrypted_and_upgrades_itself_within_its_major_version():
    stack = database_with()

    inputs = stack.one(INSTANCE).inputs
    assert {
        "identifier": "fluxa-test-database",
        "engine": "postgres",
        "engineVersion": "17",
        "autoMinorVersionUpgrade": True,
        "engineLifecycleSupport": "open-source-rds-extended-support-disabled",
        "instanceClass": "db.t4g.micro",
        "allocatedStorage": 20,
        "maxAllocatedStorage": 100,
        "storageType": "gp3",
        "storageEncrypted": True,
        "dbName": "fluxa",
        "username": "fluxa_admin",
        "passwordWo": SECRET,
        "passwordWoVersion": 1,
        "port": 5432,
        "dbSubnetGroupName": "database-subnets-physical",
        "vpcSecurityGroupIds": ["network-database-group-id"],
        "publiclyAccessible": False,
        "caCertIdentifier": "rds-ca-rsa2048-g1",
        "parameterGroupName": "database-parameters-physical",
        "multiAz": False,
        "backupRetentionPeriod": 7,
        "deleteAutomatedBackups": False,
        "copyTagsToSnapshot": True,
        "deletionProtection": True,
        "skipFinalSnapshot": False,
        "finalSnapshotIdentifier": "fluxa-test-database-final",
        "enabledCloudwatchLogsExports": ["postgresql", "upgrade"],
    } == inputs


def test_a_protected_instance_cannot_be_destroyed_and_a_free_one_leaves_nothing_behind():
    protected, free = database_with().one(INSTANCE), database_with(deletion_protection=False).one(INSTANCE)

    assert protected.protect
    assert not free.protect
    assert {"deletionProtection": False, "skipFinalSnapshot": True, "deleteAutomatedBackups": True} == {
        key: free.inputs[key] for key in ("deletionProtection", "skipFinalSnapshot", "deleteAutomatedBackups")
    }
    assert "finalSnapshotIdentifier" not in free.inputs


@pytest.mark.parametrize(("require_tls", "expected"), [(True, "1"), (False, "0")])
def test_tls_is_enforced_by_the_server_as_set(require_tls, expected):
    stack = database_with(require_tls=require_tls, deletion_protection=False)

    parameters = {item["name"]: item["value"] for item in stack.one(PARAMETERS).inputs["parameters"]}
    assert expected == parameters["rds.force_ssl"]


def test_no_statement_is_logged_with_the_values_of_an_event():
    parameters = {item["name"]: item["value"] for item in database_with().one(PARAMETERS).inputs["parameters"]}

    assert "0" == parameters["log_parameter_max_length"]
    assert "0" == parameters["log_parameter_max_length_on_error"]


@pytest.mark.parametrize("version", ["15", "16", "17"])
def test_parameters_belong_to_the_major_version(version):
    stack = database_with(engine_version=version)

    assert f"postgres{version}" == stack.one(PARAMETERS).inputs["family"]


def test_the_log_groups_are_there_before_the_instance_could_make_its_own():
    stack = database_with()

    groups = {item.name: item.inputs for item in stack.of_type("aws:cloudwatch/logGroup:LogGroup")}
    assert {
        "database-postgresql-logs": {
            "name": "/aws/rds/instance/fluxa-test-database/postgresql",
            "retentionInDays": 14,
            "skipDestroy": False,
        },
        "database-upgrade-logs": {
            "name": "/aws/rds/instance/fluxa-test-database/upgrade",
            "retentionInDays": 14,
            "skipDestroy": False,
        },
    } == {name: {"skipDestroy": False, **inputs} for name, inputs in groups.items()}
    assert set(groups) <= stack.one(INSTANCE).dependencies


def test_the_password_is_a_secret_wherever_it_goes():
    stack = database_with()

    holders = {item.name: item.secret_inputs for item in stack.resources if SECRET in str(item.inputs)}
    assert {"database-instance": {"passwordWo"}, "database-password-parameter": {"valueWo"}} == holders


def test_the_instance_gets_the_password_that_is_stored_not_a_newly_generated_one():
    # A run that stops between the two must not leave them with different passwords.
    generated = {"aws:secretsmanager/getRandomPassword:getRandomPassword": {"randomPassword": "another-one"}}

    stack = deploy(lambda: a_database(a_network()), lookups=SECRET_LOOKUPS | generated)

    assert SECRET == stack.one(INSTANCE).inputs["passwordWo"]
    assert "database-password-parameter" in stack.one(INSTANCE).dependencies


def test_the_password_parameter_is_a_secure_string_under_the_stacks_path():
    inputs = database_with().one("aws:ssm/parameter:Parameter").inputs

    assert ("/fluxa/test/database/password", "SecureString", 1) == (
        inputs["name"],
        inputs["type"],
        inputs["valueWoVersion"],
    )
    assert "value" not in inputs
