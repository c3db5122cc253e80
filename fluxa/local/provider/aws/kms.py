"""KMS: keys that the emulator encrypts with."""

from fluxa.local.engine import Created
from fluxa.local.provider.registry import resource
from fluxa.local.provider.request import Request, document, existing

LONGEST_ALIAS = 256


@resource(
    "aws:kms/key:Key",
    ignored={
        "bypassPolicyLockoutSafetyCheck": "the emulator's root user is never locked out",
        "deletionWindowInDays": "nothing is destroyed",
    },
)
def key(request: Request) -> Created:
    """Create a key. The emulator uses it for whoever asks: only its calls are subject to IAM, not those of services."""
    kms = request.client("kms")
    policy = request.inputs.get("policy")
    rotated = request.inputs.get("enableKeyRotation")
    period = request.inputs.renamed({"rotationPeriodInDays": "RotationPeriodInDays"})
    metadata = kms.create_key(
        Tags=[{"TagKey": key, "TagValue": value} for key, value in sorted(request.tags().items())],
        **request.inputs.renamed({"description": "Description", "keyUsage": "KeyUsage", "multiRegion": "MultiRegion"}),
        **({"Policy": document(policy)} if policy else {}),
    )["KeyMetadata"]
    key_id = metadata["KeyId"]
    if rotated:
        kms.enable_key_rotation(KeyId=key_id, **period)
    return Created(id=key_id, outputs={"keyId": key_id, "arn": metadata["Arn"], "tagsAll": request.tags()})


@resource("aws:kms/alias:Alias")
def alias(request: Request) -> Created:
    """Give a key a name; one from an earlier run now names this key."""
    kms = request.client("kms")
    name = request.physical_name(longest=LONGEST_ALIAS)
    target = request.inputs.require("targetKeyId")
    if existing(lambda: kms.create_alias(AliasName=name, TargetKeyId=target), "AlreadyExistsException"):
        kms.update_alias(AliasName=name, TargetKeyId=target)
    described = kms.describe_key(KeyId=target)["KeyMetadata"]
    return Created(id=name, outputs={"name": name, "arn": request.arn("kms", name), "targetKeyArn": described["Arn"]})
