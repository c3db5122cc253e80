"""EventDatabase: what is asked of RDS for the instance that is written to."""

import json

import pytest

from tests.support.database_stacks import KEY_ARN, awaited_in, database_with
from tests.support.pulumi_recorder import Recorder, deploy
from tests.support.stack_builders import ACCOUNT_ID, SECRET, SECRET_LOOKUPS, a_database, a_network, document_of

INSTANCE = "aws:rds/instance:Instance"
PARAMETERS = "aws:rds/parameterGroup:ParameterGroup"
ROLE = "aws:iam/role:Role"
ROLE_POLICY = "aws:iam/rolePolicy:RolePolicy"


def parameters_of(stack: Recorder) -> dict[str, str]:
    return {item["name"]: item["value"] for item in stack.one(PARAMETERS).inputs["parameters"]}


def test_the_database_consists_of_exactly_these_parts():
    stack = database_with()

    assert [
        ("aws:cloudwatch/logGroup:LogGroup", "database-postgresql-logs"),
        ("aws:cloudwatch/logGroup:LogGroup", "database-upgrade-logs"),
        (INSTANCE, "database-instance"),
        (PARAMETERS, "database-parameters"),
        ("aws:rds/subnetGroup:SubnetGroup", "database-subnets"),
        ("fluxa:secret_parameter:SecretParameter", "database-password"),
        ("fluxa:secret_parameter:SecretParameter", "database-processor-password"),
        ("fluxa:secret_parameter:SecretParameter", "database-query-password"),
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
        "iamDatabaseAuthenticationEnabled": False,
        "performanceInsightsEnabled": False,
        "backupWindow": "01:15-01:45",
        "maintenanceWindow": "sun:04:15-sun:04:45",
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

    assert expected == parameters_of(stack)["rds.force_ssl"]


def test_the_server_logs_what_is_slow_or_stuck_and_nothing_of_an_events_content():
    stack = database_with()

    assert {
        "rds.force_ssl": "1",
        "idle_in_transaction_session_timeout": "60000",
        "log_statement": "ddl",
        "log_min_duration_statement": "1000",
        "log_lock_waits": "1",
        "log_parameter_max_length": "0",
        "log_parameter_max_length_on_error": "0",
        "log_error_verbosity": "terse",
    } == parameters_of(stack)


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


def test_passwords_are_secrets_wherever_they_go():
    stack = database_with()

    holders = {item.name: item.secret_inputs for item in stack.resources if SECRET in str(item.inputs)}
    assert {
        "database-instance": {"passwordWo"},
        "database-password-parameter": {"valueWo"},
        "database-processor-password-parameter": {"valueWo"},
        "database-query-password-parameter": {"valueWo"},
    } == holders


def test_the_instance_gets_the_password_that_is_stored_not_a_newly_generated_one():
    # A run that stops between the two must not leave them with different passwords.
    generated = {"aws:secretsmanager/getRandomPassword:getRandomPassword": {"randomPassword": "another-one"}}

    stack = deploy(lambda: a_database(a_network()), lookups=SECRET_LOOKUPS | generated)

    assert SECRET == stack.one(INSTANCE).inputs["passwordWo"]
    assert "database-password-parameter" in stack.one(INSTANCE).dependencies


def test_secrets_manager_s_passwords_never_pass_through_the_stack_and_rds_makes_the_master_s():
    stack = database_with(secrets={"backend": "secretsmanager", "encryption": "kms"})

    inputs = stack.one(INSTANCE).inputs
    assert (True, KEY_ARN) == (inputs["manageMasterUserPassword"], inputs["masterUserSecretKmsKeyId"])
    assert not {"password", "passwordWo", "passwordWoVersion"} & set(inputs)
    holders = {item.name: item.secret_inputs for item in stack.resources if SECRET in str(item.inputs)}
    assert {
        "database-processor-password-version": {"secretStringWo"},
        "database-query-password-version": {"secretStringWo"},
    } == holders


@pytest.mark.parametrize("role", ["processor", "query"])
def test_a_password_in_secrets_manager_says_whose_it_is_as_rds_proxy_wants_it(role):
    stack = database_with(secrets={"backend": "secretsmanager"})

    version = stack.one("aws:secretsmanager/secretVersion:SecretVersion", f"database-{role}-password-version")
    assert {"username": f"fluxa_{role}", "password": SECRET} == json.loads(version.inputs["secretStringWo"])


def test_the_master_s_managed_secret_has_awss_key_without_one_of_the_stack_s():
    stack = database_with(secrets={"backend": "secretsmanager"})

    assert "masterUserSecretKmsKeyId" not in stack.one(INSTANCE).inputs


def test_with_tokens_only_the_master_has_a_password_and_the_instance_takes_tokens():
    stack = database_with(secrets={"backend": "iam"})

    passwords = [item.name for item in stack.of_type("aws:ssm/parameter:Parameter")]
    assert ["database-password-parameter"] == passwords
    assert stack.one(INSTANCE).inputs["iamDatabaseAuthenticationEnabled"] is True


@pytest.mark.parametrize(("instance_class", "takes"), [("db.t4g.small", False), ("db.t4g.medium", True)])
def test_tokens_are_taken_for_people_where_the_instance_has_memory_for_it(instance_class, takes):
    stack = database_with(instance_class=instance_class)

    assert takes is stack.one(INSTANCE).inputs["iamDatabaseAuthenticationEnabled"]


def test_storage_and_insights_are_encrypted_with_the_stack_s_key_where_it_is_asked_for():
    kms = database_with(encryption="kms", performance_insights=True).one(INSTANCE).inputs
    aws = database_with(encryption="aws", performance_insights=True).one(INSTANCE).inputs

    assert (True, KEY_ARN, True, 7, KEY_ARN) == (
        kms["storageEncrypted"],
        kms["kmsKeyId"],
        kms["performanceInsightsEnabled"],
        kms["performanceInsightsRetentionPeriod"],
        kms["performanceInsightsKmsKeyId"],
    )
    assert (True, True, 7) == (
        aws["storageEncrypted"],
        aws["performanceInsightsEnabled"],
        aws["performanceInsightsRetentionPeriod"],
    )
    assert not {"kmsKeyId", "performanceInsightsKmsKeyId"} & set(aws)


def test_without_insights_nothing_is_said_of_how_they_would_be_kept():
    inputs = database_with(encryption="kms").one(INSTANCE).inputs

    assert inputs["performanceInsightsEnabled"] is False
    assert not {"performanceInsightsKmsKeyId", "performanceInsightsRetentionPeriod"} & set(inputs)


def test_monitoring_once_a_minute_comes_with_a_role_that_writes_to_rds_s_own_log_group_only():
    stack = database_with(enhanced_monitoring=True)

    instance, group = stack.one(INSTANCE), f"arn:aws:logs:eu-central-1:{ACCOUNT_ID}:log-group:RDSOSMetrics"
    assert (60, "arn:aws:test:::database-monitoring-role") == (
        instance.inputs["monitoringInterval"],
        instance.inputs["monitoringRoleArn"],
    )
    assert [
        {
            "Effect": "Allow",
            "Action": ["logs:CreateLogGroup", "logs:PutRetentionPolicy"],
            "Resource": [group, f"{group}:*"],
        },
        {
            "Effect": "Allow",
            "Action": ["logs:CreateLogStream", "logs:PutLogEvents", "logs:DescribeLogStreams", "logs:GetLogEvents"],
            "Resource": [f"{group}:log-stream:*"],
        },
    ] == document_of(stack.one(ROLE_POLICY, "database-monitoring-policy"))["Statement"]
    assert "database-monitoring-policy" in instance.dependencies


def test_only_this_account_s_instances_are_monitored_by_its_role():
    stack = database_with(enhanced_monitoring=True)

    trust = document_of(stack.one(ROLE, "database-monitoring-role"), "assumeRolePolicy")
    assert [
        {
            "Effect": "Allow",
            "Action": "sts:AssumeRole",
            "Principal": {"Service": "monitoring.rds.amazonaws.com"},
            "Condition": {"StringEquals": {"aws:SourceAccount": ACCOUNT_ID}},
        }
    ] == trust["Statement"]


def test_unmonitored_instances_have_no_role():
    stack = database_with()

    assert [] == stack.of_type(ROLE)
    assert not {"monitoringInterval", "monitoringRoleArn"} & set(stack.one(INSTANCE).inputs)


def test_the_instance_has_an_address_on_the_internet_only_in_a_public_network():
    stack = database_with(network={"mode": "public", "allowed_cidrs": ("203.0.113.0/24",)}, deletion_protection=False)

    assert stack.one(INSTANCE).inputs["publiclyAccessible"] is True


def test_no_time_of_day_is_kept_for_backups_that_are_not_made():
    inputs = database_with(backup_retention_days=0).one(INSTANCE).inputs

    assert 0 == inputs["backupRetentionPeriod"]
    assert "backupWindow" not in inputs


def test_the_provider_waits_for_as_long_as_rds_may_take():
    assert ("90m", "180m", "90m") == database_with().one(INSTANCE).time_outs


def test_whoever_connects_waits_for_the_network_and_the_instance():
    assert {"database-instance"} == awaited_in()
