"""Explicit AWS providers: locally they are where default tags come from."""

import json
from typing import Any

from fluxa.local.engine import Created
from fluxa.local.provider.registry import resource
from fluxa.local.provider.request import Request

_CREDENTIALS = "the emulator's root user deploys"


@resource(
    "pulumi:providers:aws",
    ignored={
        "accessKey": _CREDENTIALS,
        "allowedAccountIds": "the emulator has one account",
        "assumeRoles": _CREDENTIALS,
        "forbiddenAccountIds": "the emulator has one account",
        "maxRetries": "the emulator's client decides",
        "profile": _CREDENTIALS,
        "secretKey": _CREDENTIALS,
        "skipCredentialsValidation": _CREDENTIALS,
        "skipMetadataApiCheck": _CREDENTIALS,
        "skipRegionValidation": "the emulator has one region",
        "skipRequestingAccountId": "the emulator has one account",
        "token": _CREDENTIALS,
        "version": "no provider plugin is involved",
    },
)
def provider(request: Request) -> Created:
    """Remember the tags that this provider gives to everything it creates."""
    default_tags = _read(request.inputs.get("defaultTags"))
    request.platform.default_tags[request.urn] = default_tags.get("tags") or {}
    return Created(id="local")


def _read(value: Any) -> dict[str, Any]:
    # A provider's own inputs travel as JSON text, whatever their type.
    parsed = json.loads(value) if isinstance(value, str) else value
    return parsed or {}
