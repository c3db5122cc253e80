"""The look-ups a program may make, answered for the local platform's account."""

import secrets
import string
from collections.abc import Callable, Mapping
from typing import Any

from fluxa.local.provider.request import Platform

_DEFAULT_PASSWORD_LENGTH = 32
_PUNCTUATION = "!#$%&()*+,-.:;<=>?[]^_{|}~"

Lookup = Callable[[Platform, Mapping[str, Any]], Mapping[str, Any]]


class UnknownLookup(LookupError):
    """The program looks up something the local platform cannot answer."""


def answer(platform: Platform, token: str, args: Mapping[str, Any]) -> Mapping[str, Any]:
    """Answer one look-up.

    Raises:
        UnknownLookup: it is not in this file's table.
    """
    lookup = _LOOKUPS.get(token)
    if lookup is None:
        raise UnknownLookup(f"the local platform cannot answer the look-up {token}: add it to {__name__}")
    return {**args, **lookup(platform, args)}


def _caller_identity(platform: Platform, args: Mapping[str, Any]) -> Mapping[str, Any]:  # noqa: ARG001 - one shape
    identity = platform.emulator.client("sts").get_caller_identity()
    account = identity["Account"]
    return {"id": account, "accountId": account, "arn": identity["Arn"], "userId": identity["UserId"]}


def _region(platform: Platform, args: Mapping[str, Any]) -> Mapping[str, Any]:  # noqa: ARG001 - one shape
    region = platform.emulator.region
    return {"id": region, "region": region, "name": region, "endpoint": f"ec2.{region}.amazonaws.com"}


def _partition(platform: Platform, args: Mapping[str, Any]) -> Mapping[str, Any]:  # noqa: ARG001 - one shape
    return {"id": "aws", "partition": "aws", "dnsSuffix": "amazonaws.com", "reverseDnsPrefix": "com.amazonaws"}


def _availability_zones(platform: Platform, args: Mapping[str, Any]) -> Mapping[str, Any]:  # noqa: ARG001 - one shape
    zones = platform.emulator.client("ec2").describe_availability_zones()["AvailabilityZones"]
    return {
        "id": platform.emulator.region,
        "names": sorted(zone["ZoneName"] for zone in zones),
        "zoneIds": sorted(zone["ZoneId"] for zone in zones),
        "groupNames": [platform.emulator.region],
    }


def _random_password(platform: Platform, args: Mapping[str, Any]) -> Mapping[str, Any]:  # noqa: ARG001 - one shape
    alphabet = string.ascii_letters
    alphabet += "" if args.get("excludeNumbers") else string.digits
    alphabet += "" if args.get("excludePunctuation") else _PUNCTUATION
    excluded = set(args.get("excludeCharacters") or "")
    if args.get("excludeUppercase"):
        excluded |= set(string.ascii_uppercase)
    if args.get("excludeLowercase"):
        excluded |= set(string.ascii_lowercase)
    allowed = [character for character in alphabet if character not in excluded]
    length = int(args.get("passwordLength") or _DEFAULT_PASSWORD_LENGTH)
    return {"id": "local", "randomPassword": "".join(secrets.choice(allowed) for _ in range(length))}


def _parameter(platform: Platform, args: Mapping[str, Any]) -> Mapping[str, Any]:
    decrypted = bool(args.get("withDecryption", True))
    found = platform.emulator.client("ssm").get_parameter(Name=args["name"], WithDecryption=decrypted)["Parameter"]
    return {
        "id": found["Name"],
        "arn": found["ARN"],
        "type": found["Type"],
        "value": found["Value"],
        "version": found["Version"],
    }


def _secret_version(platform: Platform, args: Mapping[str, Any]) -> Mapping[str, Any]:
    stage = args.get("versionStage") or "AWSCURRENT"
    client = platform.emulator.client("secretsmanager")
    found = client.get_secret_value(SecretId=args["secretId"], VersionStage=stage)
    return {
        "id": f"{found['ARN']}|{found['VersionId']}",
        "arn": found["ARN"],
        "secretString": found["SecretString"],
        "versionId": found["VersionId"],
        "versionStages": found["VersionStages"],
    }


_LOOKUPS: Mapping[str, Lookup] = {
    "aws:index/getAvailabilityZones:getAvailabilityZones": _availability_zones,
    "aws:index/getCallerIdentity:getCallerIdentity": _caller_identity,
    "aws:index/getPartition:getPartition": _partition,
    "aws:index/getRegion:getRegion": _region,
    "aws:secretsmanager/getRandomPassword:getRandomPassword": _random_password,
    "aws:secretsmanager/getSecretVersion:getSecretVersion": _secret_version,
    "aws:ssm/getParameter:getParameter": _parameter,
}
