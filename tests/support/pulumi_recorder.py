"""Runs a Pulumi program against mocks and lets tests look at what it asked for with plain asserts.

What was tried on pulumi 3.272, and why this module is the way it is:

- An assertion inside `.apply` passes silently in a test without `@pulumi.runtime.test`, and one on an unknown value is
  skipped silently with `preview=True`. So `deploy` runs the program until nothing is left to do, not as a preview, and
  tests then look at recorded values, where a failing assertion fails.
- Recorded inputs have the provider's own spelling (camelCase), and outputs that are inputs of another resource are
  resolved. Numbers arrive as floats and secrets wrapped; both are undone here, and secret inputs are listed.
- The mocks forget options and all but the last parent's type; the monitor below keeps both, as the real engine does.
- Mocks prove what we ask for, not that AWS accepts it: that is what a deployment is for.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pulumi
from pulumi.runtime import mocks, rpc

PROJECT = "fluxa"
STACK = "test"
_STACK_TYPE = "pulumi:pulumi:Stack"

COMPUTED: Mapping[str, Mapping[str, Any]] = {
    "aws:apigateway/apiKey:ApiKey": {"value": "made-up-key"},
    "aws:apigateway/domainName:DomainName": {"regionalDomainName": "{name}.test", "regionalZoneId": "ZONEOFAWS"},
    "aws:apigateway/restApi:RestApi": {"executionArn": "arn:aws:execute-api:::{name}"},
    "aws:apigateway/stage:Stage": {"invokeUrl": "https://api.test/v1/"},
    "aws:ec2/vpcEndpoint:VpcEndpoint": {"prefixListId": "pl-{name}"},
    "aws:lambda/alias:Alias": {"invokeArn": "arn:aws:apigateway:::{name}"},
    "aws:lambda/function:Function": {"invokeArn": "arn:aws:apigateway:::{name}", "version": "7"},
    "aws:rds/instance:Instance": {
        "address": "{name}.test",
        "endpoint": "{name}.test:5432",
        "port": 5432,
        "resourceId": "db-{name}",
        "masterUserSecrets": [{"secretArn": "arn:aws:secretsmanager:::secret:{name}-master"}],
    },
    "aws:rds/proxy:Proxy": {"arn": "arn:aws:rds:::db-proxy:prx-{name}", "endpoint": "{name}.test"},
    "aws:s3/bucket:Bucket": {"bucket": "{name}-physical"},
    "aws:sqs/queue:Queue": {"url": "https://sqs.test/{name}"},
}
"""What AWS would add to a resource's inputs, beyond an id, an ARN and a name."""


def computed(type_: str, name: str) -> dict[str, Any]:
    """Return what AWS would add to one resource."""
    return {key: _named(value, name) for key, value in COMPUTED.get(type_, {}).items()}


def _named(value: Any, name: str) -> Any:
    if isinstance(value, str):
        return value.format(name=name)
    if isinstance(value, list):
        return [{key: _named(item, name) for key, item in section.items()} for section in value]
    return value


@dataclass(frozen=True, kw_only=True)
class Recorded:
    """One resource or component the program asked for."""

    type: str
    name: str
    urn: str
    parent: str
    """Logical name of the parent; the stack's name at the top."""
    custom: bool
    inputs: dict[str, Any]
    secret_inputs: frozenset[str]
    dependencies: frozenset[str]
    """Logical names of what must exist first, for whatever reason."""
    protect: bool
    retain_on_delete: bool
    delete_before_replace: bool
    time_outs: tuple[str, str, str]
    """For creating, updating and deleting; empty where the provider's own apply."""
    provider: str
    """Logical name of the explicit provider; empty without one."""


@dataclass
class Recorder(pulumi.runtime.Mocks):
    """What one program asked for."""

    lookups: Mapping[str, dict[str, Any]]
    resources: list[Recorded] = field(default_factory=list)

    def new_resource(self, args: pulumi.runtime.MockResourceArgs) -> tuple[str, dict[str, Any]]:
        known = {"arn": f"arn:aws:test:::{args.name}", "name": f"{args.name}-physical"}
        outputs = {**known, **computed(args.typ, args.name), **args.inputs}
        return f"{args.name}-id", outputs if args.custom else {}

    def call(self, args: pulumi.runtime.MockCallArgs) -> dict[str, Any]:
        assert args.token in self.lookups, f"a component looked something up in AWS: {args.token}"
        return self.lookups[args.token]

    def one(self, type_: str, name: str | None = None) -> Recorded:
        """Return the single resource of this type, and of this logical name when one is given."""
        found = [item for item in self.of_type(type_) if name in {None, item.name}]
        assert len(found) == 1, f"{type_} {name}: found {[item.name for item in found]} among {self.names()}"
        return found[0]

    def of_type(self, type_: str) -> list[Recorded]:
        return [item for item in self.resources if item.type == type_]

    def children(self, name: str) -> list[tuple[str, str]]:
        """Return (type, logical name) of everything directly below a component, sorted."""
        return sorted((item.type, item.name) for item in self.resources if item.parent == name)

    def names(self) -> list[str]:
        return sorted(f"{item.type} {item.name}" for item in self.resources)


class _Monitor(mocks.MockMonitor):
    """The mock monitor, with the engine's URNs and every option remembered."""

    def __init__(self, recorder: Recorder) -> None:
        super().__init__(recorder)
        self._recorder = recorder

    def make_urn(self, parent: str, type_: str, name: str) -> str:
        parent_type = parent.split("::")[2] if parent else _STACK_TYPE
        qualified = type_ if parent_type == _STACK_TYPE else f"{parent_type}${type_}"
        return f"urn:pulumi:{STACK}::{PROJECT}::{qualified}::{name}"

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802 - the service's name
        response = super().RegisterResource(request)
        if request.type != _STACK_TYPE:
            self._recorder.resources.append(_recorded(request, response.urn))
        return response


def deploy(program: Callable[[], Any], *, lookups: Mapping[str, dict[str, Any]] | None = None) -> Recorder:
    """Run a program to its end and return what it asked for.

    Args:
        program: Builds resources; runs as the stack `test` of the project `fluxa`.
        lookups: Answers by token. A look-up without one fails the test: components must not ask AWS.
    """
    recorder = Recorder(lookups=lookups or {})
    pulumi.runtime.set_mocks(recorder, project=PROJECT, stack=STACK, preview=False, monitor=_Monitor(recorder))

    def run() -> None:
        # What it returns is the test's business: handed to Pulumi, a component in it would be awaited as a value.
        program()

    pulumi.runtime.test(run)()
    return recorder


def _recorded(request: Any, urn: str) -> Recorded:
    raw = rpc.deserialize_properties(request.object)
    return Recorded(
        type=request.type,
        name=request.name,
        urn=urn,
        parent=_name(request.parent),
        custom=request.custom,
        inputs=_plain(raw),
        secret_inputs=frozenset(key for key, value in raw.items() if rpc.is_rpc_secret(value)),
        dependencies=frozenset(_name(dependency) for dependency in request.dependencies),
        protect=request.protect,
        retain_on_delete=request.retainOnDelete,
        delete_before_replace=request.deleteBeforeReplace,
        time_outs=(request.customTimeouts.create, request.customTimeouts.update, request.customTimeouts.delete),
        provider=_name(request.provider.rpartition("::")[0]),
    )


def _name(urn: str) -> str:
    return urn.rpartition("::")[2]


def _plain(value: Any) -> Any:
    if rpc.is_rpc_secret(value):
        return _plain(rpc.unwrap_rpc_secret(value))
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value
