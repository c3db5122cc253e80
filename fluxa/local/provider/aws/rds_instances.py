"""RDS's instances: each is the local PostgreSQL server, in whose records a replica is the primary once more."""

import json
import secrets
import string
from typing import Any

import psycopg
from psycopg import sql

from fluxa.local.engine import Created
from fluxa.local.postgres import PostgresServer
from fluxa.local.provider.registry import resource
from fluxa.local.provider.request import Request, existing

LONGEST_IDENTIFIER = 63

MASTER_RIGHTS = ("pg_monitor", "pg_signal_backend")
"""What RDS's master user may do beyond owning its database, by PostgreSQL's own roles."""

PASSWORD_LENGTH = 48

_ONE_SERVER = "one local server, without copies"
_NO_BACKUPS = "the data folder is not backed up"
_NOT_MONITORED = "nothing watches the local server"

_IGNORED = {
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
}


@resource("aws:rds/instance:Instance", ignored=_IGNORED)
def instance(request: Request) -> Created:
    """Make the master user and its database on the local server, or another name for it: a replica."""
    name = request.physical_name(longest=LONGEST_IDENTIFIER, input_name="identifier").lower()
    source = request.inputs.get("replicateSourceDb")
    if source:
        return _created(request, name, _record_replica(request, name, source), {})
    inputs, postgres = request.inputs, request.platform.postgres
    user, database = inputs.require("username"), inputs.require("dbName")
    password, outputs = _password(request, user)
    with request.platform.database_lock:
        _prepare(postgres.url(), server_user=postgres.user, user=user, password=password, database=database)
    master = {"DBName": database, "MasterUsername": user, "MasterUserPassword": password}
    return _created(request, name, _record(request, name, master), outputs)


def _password(request: Request, user: str) -> tuple[str, dict[str, Any]]:
    """Return the master user's password, and what the instance says of it."""
    inputs = request.inputs
    if not inputs.get("manageMasterUserPassword"):
        given = [inputs.get("passwordWo"), inputs.get("password")]
        return next(value for value in given if value is not None), {}
    # RDS does this itself on AWS; the emulator does not.
    alphabet = string.ascii_letters + string.digits
    password = "".join(secrets.choice(alphabet) for _ in range(PASSWORD_LENGTH))
    key = inputs.renamed({"masterUserSecretKmsKeyId": "KmsKeyId"})
    name, value = f"rds!db-{request.suffix}", json.dumps({"username": user, "password": password})
    manager = request.client("secretsmanager")
    if existing(lambda: manager.create_secret(Name=name, SecretString=value, **key), "ResourceExistsException"):
        manager.put_secret_value(SecretId=name, SecretString=value)
    arn = manager.describe_secret(SecretId=name)["ARN"]
    secret = {"secretArn": arn, "secretStatus": "active", "kmsKeyId": key.get("KmsKeyId", "")}
    return password, {"masterUserSecrets": [secret]}


def _record(request: Request, name: str, definition: dict[str, Any]) -> Any:
    rds = request.client("rds")
    full = {
        "DBInstanceIdentifier": name,
        "AllocatedStorage": 20,
        "Port": request.platform.postgres.port,
        "Tags": request.tag_list(),
        **definition,
        **request.inputs.renamed(
            {
                "dbSubnetGroupName": "DBSubnetGroupName",
                "engine": "Engine",
                "instanceClass": "DBInstanceClass",
                "parameterGroupName": "DBParameterGroupName",
                "vpcSecurityGroupIds": "VpcSecurityGroupIds",
            }
        ),
    }
    existing(lambda: rds.create_db_instance(**full), "DBInstanceAlreadyExists")
    return rds.describe_db_instances(DBInstanceIdentifier=name)["DBInstances"][0]


def _record_replica(request: Request, name: str, source: str) -> Any:
    rds = request.client("rds")
    definition = {
        "DBInstanceIdentifier": name,
        # The source may be given by its ARN.
        "SourceDBInstanceIdentifier": source.rpartition(":")[2],
        "Tags": request.tag_list(),
        **request.inputs.renamed(
            {
                "dbSubnetGroupName": "DBSubnetGroupName",
                "instanceClass": "DBInstanceClass",
                "parameterGroupName": "DBParameterGroupName",
                "vpcSecurityGroupIds": "VpcSecurityGroupIds",
            }
        ),
    }
    existing(lambda: rds.create_db_instance_read_replica(**definition), "DBInstanceAlreadyExists")
    return rds.describe_db_instances(DBInstanceIdentifier=name)["DBInstances"][0]


def _created(request: Request, name: str, described: Any, outputs: dict[str, Any]) -> Created:
    server: PostgresServer = request.platform.postgres
    return Created(
        id=described["DbiResourceId"],
        outputs={
            "identifier": name,
            # Not the emulator's: it chooses another port for a replica, where nothing listens.
            "address": server.host,
            "port": server.port,
            "endpoint": f"{server.host}:{server.port}",
            "arn": described["DBInstanceArn"],
            "resourceId": described["DbiResourceId"],
            "status": "available",
            "tagsAll": request.tags(),
            **outputs,
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
