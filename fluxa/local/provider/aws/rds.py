"""RDS: the instance is the local PostgreSQL server; the rest exists in the emulator's records only."""

from typing import Any

import psycopg
from psycopg import sql

from fluxa.local.engine import Created
from fluxa.local.provider.registry import resource
from fluxa.local.provider.request import Request, existing

LONGEST_NAME = 255
LONGEST_IDENTIFIER = 63

MASTER_RIGHTS = ("pg_monitor", "pg_signal_backend")
"""What RDS's master user may do beyond owning its database, by PostgreSQL's own roles."""

_ONE_SERVER = "one local server, without copies"
_NO_BACKUPS = "the data folder is not backed up"
_NOT_MONITORED = "nothing watches the local server"


@resource("aws:rds/subnetGroup:SubnetGroup")
def subnet_group(request: Request) -> Created:
    """Record where the database would live."""
    name = request.physical_name(longest=LONGEST_NAME).lower()
    rds = request.client("rds")
    definition = {
        "DBSubnetGroupName": name,
        "DBSubnetGroupDescription": request.inputs.get("description") or "Managed by Pulumi",
        "SubnetIds": request.inputs.require("subnetIds"),
    }
    if existing(
        lambda: rds.create_db_subnet_group(**definition, Tags=request.tag_list()), "DBSubnetGroupAlreadyExists"
    ):
        rds.modify_db_subnet_group(**definition)
    arn = request.arn("rds", f"subgrp:{name}")
    return Created(id=name, outputs={"name": name, "arn": arn, "tagsAll": request.tags()})


@resource(
    "aws:rds/parameterGroup:ParameterGroup",
    ignored={
        "parameters": "they tune RDS; the local server has settings of its own",
        "skipDestroy": "nothing is destroyed",
    },
)
def parameter_group(request: Request) -> Created:
    """Record the database's parameters."""
    name = request.physical_name(longest=LONGEST_NAME).lower()
    definition = {
        "DBParameterGroupName": name,
        "DBParameterGroupFamily": request.inputs.require("family"),
        "Description": request.inputs.get("description") or "Managed by Pulumi",
        "Tags": request.tag_list(),
    }
    existing(lambda: request.client("rds").create_db_parameter_group(**definition), "DBParameterGroupAlreadyExists")
    arn = request.arn("rds", f"pg:{name}")
    return Created(id=name, outputs={"name": name, "arn": arn, "tagsAll": request.tags()})


@resource(
    "aws:rds/instance:Instance",
    ignored={
        "allocatedStorage": "the disk of this machine",
        "allowMajorVersionUpgrade": _ONE_SERVER,
        "applyImmediately": "nothing waits for a maintenance window",
        "autoMinorVersionUpgrade": _ONE_SERVER,
        "availabilityZone": _ONE_SERVER,
        "backupRetentionPeriod": _NO_BACKUPS,
        "backupWindow": _NO_BACKUPS,
        "caCertIdentifier": "the local server has no TLS",
        "copyTagsToSnapshot": _NO_BACKUPS,
        "databaseInsightsMode": _NOT_MONITORED,
        "deleteAutomatedBackups": _NO_BACKUPS,
        "deletionProtection": "the data goes by `--reset` only",
        "enabledCloudwatchLogsExports": _NOT_MONITORED,
        "engineLifecycleSupport": _ONE_SERVER,
        "engineVersion": "the version of the installed server",
        "finalSnapshotIdentifier": _NO_BACKUPS,
        "iamDatabaseAuthenticationEnabled": "the local server knows passwords only",
        "iops": "the disk of this machine",
        "kmsKeyId": "the disk of this machine",
        "maintenanceWindow": _ONE_SERVER,
        "maxAllocatedStorage": "the disk of this machine",
        "monitoringInterval": _NOT_MONITORED,
        "monitoringRoleArn": _NOT_MONITORED,
        "multiAz": _ONE_SERVER,
        "networkType": "the server listens on loopback only",
        "passwordWoVersion": "the password is set at every start",
        "performanceInsightsEnabled": _NOT_MONITORED,
        "performanceInsightsKmsKeyId": _NOT_MONITORED,
        "performanceInsightsRetentionPeriod": _NOT_MONITORED,
        "port": "the local server's port was free when it started",
        "publiclyAccessible": "the server listens on loopback only",
        "skipFinalSnapshot": _NO_BACKUPS,
        "storageEncrypted": "the disk of this machine",
        "storageThroughput": "the disk of this machine",
        "storageType": "the disk of this machine",
    },
)
def instance(request: Request) -> Created:
    """Make the master user and its database on the local server, with the password the program gave."""
    name = request.physical_name(longest=LONGEST_IDENTIFIER, input_name="identifier").lower()
    inputs, postgres = request.inputs, request.platform.postgres
    user, database = inputs.require("username"), inputs.require("dbName")
    given = [inputs.get("passwordWo"), inputs.get("password")]
    password = next(value for value in given if value is not None)
    with request.platform.database_lock:
        _prepare(postgres.url(), server_user=postgres.user, user=user, password=password, database=database)
    definition = {
        "DBInstanceIdentifier": name,
        "DBName": database,
        "MasterUsername": user,
        "MasterUserPassword": password,
        "AllocatedStorage": 20,
        "Port": postgres.port,
        "Tags": request.tag_list(),
        **inputs.renamed(
            {
                "dbSubnetGroupName": "DBSubnetGroupName",
                "engine": "Engine",
                "instanceClass": "DBInstanceClass",
                "parameterGroupName": "DBParameterGroupName",
                "vpcSecurityGroupIds": "VpcSecurityGroupIds",
            }
        ),
    }
    rds = request.client("rds")
    existing(lambda: rds.create_db_instance(**definition), "DBInstanceAlreadyExists")
    described = rds.describe_db_instances(DBInstanceIdentifier=name)["DBInstances"][0]
    return Created(
        id=described["DbiResourceId"],
        outputs={
            "identifier": name,
            "address": postgres.host,
            "port": postgres.port,
            "endpoint": f"{postgres.host}:{postgres.port}",
            "arn": described["DBInstanceArn"],
            "resourceId": described["DbiResourceId"],
            "status": "available",
            "tagsAll": request.tags(),
        },
    )


def _prepare(url: str, *, server_user: str, user: str, password: str, database: str) -> None:
    if user == server_user:
        raise ValueError(
            f"the database's master user cannot be {user!r}: that is the local server's own superuser, as `rdsadmin` "
            "is on RDS"
        )
    role, name = sql.Identifier(user), sql.Identifier(database)
    with psycopg.connect(url, autocommit=True) as connection:
        if not _any(connection, "SELECT FROM pg_roles WHERE rolname = %s", user):
            connection.execute(sql.SQL("CREATE ROLE {}").format(role))
        # Hashed here, as psql's \password does, so that the password itself can be in no log of the server's.
        verifier = connection.pgconn.encrypt_password(password.encode(), user.encode(), b"scram-sha-256").decode()
        connection.execute(
            sql.SQL("ALTER ROLE {} LOGIN CREATEDB CREATEROLE PASSWORD {}").format(role, sql.Literal(verifier))
        )
        rights = sql.SQL(", ").join(map(sql.Identifier, MASTER_RIGHTS))
        connection.execute(sql.SQL("GRANT {} TO {}").format(rights, role))
        if not _any(connection, "SELECT FROM pg_database WHERE datname = %s", database):
            connection.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(name, role))
        connection.execute(sql.SQL("ALTER DATABASE {} OWNER TO {}").format(name, role))


def _any(connection: psycopg.Connection[Any], query: str, value: str) -> bool:
    return connection.execute(sql.SQL(query), (value,)).fetchone() is not None
