"""KMS: keys that the emulator encrypts with."""

from fluxa.local.engine import Created
from fluxa.local.provider.registry import resource
from fluxa.local.provider.request import Request, document


@resource("aws:kms/key:Key", ignored={"deletionWindowInDays": "nothing is destroyed"})
def key(request: Request) -> Created:
    """Create a key."""
    kms = request.client("kms")
    policy = request.inputs.get("policy")
    rotated = request.inputs.get("enableKeyRotation")
    metadata = kms.create_key(
        Tags=[{"TagKey": key, "TagValue": value} for key, value in sorted(request.tags().items())],
        **request.inputs.renamed({"description": "Description", "keyUsage": "KeyUsage"}),
        **({"Policy": document(policy)} if policy else {}),
    )["KeyMetadata"]
    key_id = metadata["KeyId"]
    if rotated:
        kms.enable_key_rotation(KeyId=key_id)
    return Created(id=key_id, outputs={"keyId": key_id, "arn": metadata["Arn"], "tagsAll": request.tags()})
