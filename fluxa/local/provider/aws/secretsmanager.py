"""Secrets Manager: secrets with versions, which functions read; rotation is recorded and never runs by itself."""

from fluxa.local.engine import Created
from fluxa.local.provider.policies import without_tls_rule
from fluxa.local.provider.registry import resource
from fluxa.local.provider.request import Request, document, existing

LONGEST_NAME = 512


@resource(
    "aws:secretsmanager/secret:Secret",
    ignored={
        "forceOverwriteReplicaSecret": "the emulator has one region",
        "recoveryWindowInDays": "nothing is destroyed",
        "replicas": "the emulator has one region",
    },
)
def secret(request: Request) -> Created:
    """Create a secret without a value, or find the one of an earlier run."""
    client = request.client("secretsmanager")
    name = request.physical_name(longest=LONGEST_NAME)
    options = request.inputs.renamed({"description": "Description", "kmsKeyId": "KmsKeyId"})
    policy = without_tls_rule(document(request.inputs.get("policy") or {}))
    if existing(lambda: client.create_secret(Name=name, Tags=request.tag_list(), **options), "ResourceExistsException"):
        client.update_secret(SecretId=name, **options)
    arn = client.describe_secret(SecretId=name)["ARN"]
    if policy:
        client.put_resource_policy(SecretId=arn, ResourcePolicy=policy)
    return Created(id=arn, outputs={"name": name, "arn": arn, "tagsAll": request.tags()})


@resource(
    "aws:secretsmanager/secretVersion:SecretVersion",
    ignored={"secretStringWoVersion": "a write-only value is written at every start"},
)
def secret_version(request: Request) -> Created:
    """Give a secret a value."""
    arn = request.inputs.require("secretId")
    # Read both, so that each counts as mapped; the program sets one of them.
    values = [request.inputs.get(key) for key in ("secretString", "secretStringWo")]
    made = request.client("secretsmanager").put_secret_value(
        SecretId=arn,
        SecretString=next(value for value in values if value is not None),
        **request.inputs.renamed({"versionStages": "VersionStages"}),
    )
    version = made["VersionId"]
    return Created(
        id=f"{arn}|{version}",
        outputs={"arn": made["ARN"], "versionId": version, "versionStages": made["VersionStages"]},
    )


@resource(
    "aws:secretsmanager/secretRotation:SecretRotation",
    # The emulator would not call the function, but make a new version of the same value, and call that a rotation.
    # What the function does is tested by calling it.
    ignored={
        "rotateImmediately": "nothing rotates by itself here",
        "rotationEnabled": "nothing rotates by itself here",
        "rotationRules": "nothing rotates by itself here",
    },
)
def secret_rotation(request: Request) -> Created:
    """Record that a function is to rotate a secret."""
    arn = request.inputs.require("secretId")
    request.inputs.require("rotationLambdaArn")
    return Created(id=arn, outputs={"rotationEnabled": True})


@resource("aws:secretsmanager/secretPolicy:SecretPolicy")
def secret_policy(request: Request) -> Created:
    """Set who else may read a secret, or who may not."""
    arn = request.inputs.require("secretArn")
    policy = without_tls_rule(document(request.inputs.require("policy")))
    options = request.inputs.renamed({"blockPublicPolicy": "BlockPublicPolicy"})
    if policy:
        request.client("secretsmanager").put_resource_policy(SecretId=arn, ResourcePolicy=policy, **options)
    return Created(id=arn)
