"""The read replica: a copy that follows the primary and is guarded like it."""

import pytest

from tests.support.database_stacks import KEY_ARN, awaited_in, database_with
from tests.support.stack_builders import SECRET

INSTANCE = "aws:rds/instance:Instance"


def test_the_replica_follows_the_primary_and_takes_from_it_all_it_can():
    stack = database_with(read_replica=True, multi_az=True)

    assert {
        "identifier": "fluxa-test-database-replica",
        "replicateSourceDb": "fluxa-test-database",
        "instanceClass": "db.t4g.micro",
        "maxAllocatedStorage": 100,
        "storageType": "gp3",
        "storageEncrypted": True,
        "vpcSecurityGroupIds": ["network-database-group-id"],
        "publiclyAccessible": False,
        "multiAz": False,
        "iamDatabaseAuthenticationEnabled": False,
        "autoMinorVersionUpgrade": True,
        "maintenanceWindow": "sun:04:15-sun:04:45",
        "caCertIdentifier": "rds-ca-rsa2048-g1",
        "parameterGroupName": "database-parameters-physical",
        "copyTagsToSnapshot": True,
        "deletionProtection": True,
        "skipFinalSnapshot": True,
        "enabledCloudwatchLogsExports": ["postgresql", "upgrade"],
        "performanceInsightsEnabled": False,
    } == stack.one(INSTANCE, "database-replica").inputs


def test_the_replica_is_watched_like_the_primary():
    stack = database_with(read_replica=True, enhanced_monitoring=True, performance_insights=True, encryption="kms")

    keys = (
        "monitoringInterval",
        "monitoringRoleArn",
        "performanceInsightsEnabled",
        "performanceInsightsKmsKeyId",
        "performanceInsightsRetentionPeriod",
    )
    primary, replica = stack.one(INSTANCE, "database-instance"), stack.one(INSTANCE, "database-replica")
    assert [primary.inputs[key] for key in keys] == [replica.inputs[key] for key in keys]
    assert {"database-monitoring-policy"} <= replica.dependencies


def test_the_replica_s_key_is_the_primary_s_which_rds_takes_by_itself_and_refuses_to_be_told():
    stack = database_with(read_replica=True, encryption="kms")

    assert KEY_ARN == stack.one(INSTANCE, "database-instance").inputs["kmsKeyId"]
    assert "kmsKeyId" not in stack.one(INSTANCE, "database-replica").inputs


@pytest.mark.parametrize("protected", [True, False])
def test_the_replica_is_protected_as_the_primary_is(protected):
    replica = database_with(read_replica=True, deletion_protection=protected).one(INSTANCE, "database-replica")

    assert (protected, protected) == (replica.protect, replica.inputs["deletionProtection"])


def test_the_replica_s_log_groups_are_there_before_it():
    stack = database_with(read_replica=True)

    groups = {
        item.name: item.inputs["name"]
        for item in stack.of_type("aws:cloudwatch/logGroup:LogGroup")
        if "replica" in item.name
    }
    assert {
        "database-replica-postgresql-logs": "/aws/rds/instance/fluxa-test-database-replica/postgresql",
        "database-replica-upgrade-logs": "/aws/rds/instance/fluxa-test-database-replica/upgrade",
    } == groups
    assert set(groups) <= stack.one(INSTANCE, "database-replica").dependencies


def test_beside_a_replica_the_master_s_password_is_the_stack_s_because_rds_copies_no_instance_whose_it_manages():
    stack = database_with(read_replica=True, secrets={"backend": "secretsmanager"})

    inputs = stack.one(INSTANCE, "database-instance").inputs
    assert (SECRET, 1) == (inputs["passwordWo"], inputs["passwordWoVersion"])
    assert "manageMasterUserPassword" not in inputs
    holders = {item.name: item.secret_inputs for item in stack.resources if SECRET in str(item.inputs)}
    assert {
        "database-instance": {"passwordWo"},
        "database-password-version": {"secretStringWo"},
        "database-processor-password-version": {"secretStringWo"},
        "database-query-password-version": {"secretStringWo"},
    } == holders


def test_whoever_connects_waits_for_the_replica_too():
    assert {"database-instance", "database-replica"} == awaited_in(read_replica=True)
