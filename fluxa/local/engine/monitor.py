"""The engine's end of the conversation with the Pulumi SDK: takes registrations, asks the provider, answers.

The SDK calls these methods from worker threads, by the names of the resource monitor's gRPC service
(pulumi/pulumi, proto/pulumi/resource.proto); everything it may send that is not answered here is refused by name.
"""

import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from google.protobuf import empty_pb2  # type: ignore[import-untyped] # The package ships no types.
from pulumi.runtime.proto import engine_pb2, resource_pb2

from fluxa.local.engine import wire
from fluxa.local.engine.registration import STACK_TYPE, Created, Invocation, Provider, Registration, ResourceRequest
from fluxa.local.engine.transforms import apply_transforms

_FEATURES = (
    resource_pb2.RESOURCE_MONITOR_FEATURE_SECRETS,
    resource_pb2.RESOURCE_MONITOR_FEATURE_ALIAS_SPECS,
    resource_pb2.RESOURCE_MONITOR_FEATURE_DELETED_WITH,
    resource_pb2.RESOURCE_MONITOR_FEATURE_TRANSFORMS,
)
"""What the SDK may rely on. It refuses, with its own message, a program that needs anything else."""

_TIMEOUTS = ("create", "update", "delete", "read")


class NotSupported(RuntimeError):
    """The program asks for something that only the Pulumi CLI's engine does."""


class EngineMonitor:
    """Records every registration with all its options and lets a provider answer it. Safe to call from many threads."""

    def __init__(self, provider: Provider, *, project: str, stack: str, project_dir: Path, preview: bool) -> None:
        self.registrations: list[Registration] = []
        self.invocations: list[Invocation] = []
        self.outputs: dict[str, Any] = {}
        self.secret_outputs: list[str] = []
        self.failure: Exception | None = None
        """The first error of a provider or transform: the cause of whatever the program then runs into."""
        self._provider = provider
        self._prefix = f"urn:pulumi:{stack}::{project}::"
        self._project_dir = project_dir
        self._preview = preview
        self._stack_transforms: list[Any] = []
        self._inherited: dict[str, tuple[bool, bool]] = {}
        self._lock = threading.Lock()

    def GetDeploymentInfo(self, request: Any) -> Any:  # noqa: N802, ARG002 - the service's name and signature
        """Say what this engine can do."""
        return resource_pb2.DeploymentInfo(supportedFeatures=_FEATURES)

    def RegisterStackTransform(self, request: Any) -> Any:  # noqa: N802
        """Remember a transform that applies to every later resource."""
        with self._lock:
            self._stack_transforms.append(request)
        return empty_pb2.Empty()

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802
        """Record one resource, and create it when it is not a component."""
        if self.failure is not None:
            raise self.failure
        urn = self._urn(request.parent, request.type, request.name)
        try:
            return self._register(urn, request)
        except Exception as error:
            self._note(error, f"while registering {urn}")
            raise

    def RegisterResourceOutputs(self, request: Any) -> Any:  # noqa: N802
        """Take the stack's outputs; components' own are only for other languages."""
        if request.urn.startswith(f"{self._prefix}{STACK_TYPE}::"):
            marked = wire.decode(request.outputs)
            self.outputs = wire.strip(marked)
            self.secret_outputs = sorted(wire.secret_paths(marked))
        return empty_pb2.Empty()

    def Invoke(self, request: Any) -> Any:  # noqa: N802
        """Let the provider answer a look-up."""
        args = wire.strip(wire.decode(request.args))
        with self._lock:
            self.invocations.append(Invocation(token=request.tok, args=args, provider=request.provider))
        try:
            answer = wire.encode(self._provider.invoke(request.tok, args))
        except Exception as error:
            self._note(error, f"while answering {request.tok}")
            raise
        # `return` is a keyword of Python's, so the field cannot be named in a call.
        return resource_pb2.ResourceInvokeResponse(**{"return": answer})

    def ReadResource(self, request: Any) -> Any:  # noqa: N802
        """Refuse: nothing exists before this program."""
        raise NotSupported(f"{request.type} {request.name!r} is read, not created; only `pulumi` itself can do that")

    def Call(self, request: Any) -> Any:  # noqa: N802
        """Refuse: a method of a component that another program implements."""
        raise NotSupported(f"{request.tok} calls into another program; only `pulumi` itself can do that")

    def SignalAndWaitForShutdown(self, request: Any) -> Any:  # noqa: N802, ARG002 - the service's name and signature
        """Agree that all is done."""
        return empty_pb2.Empty()

    def _note(self, error: Exception, where: str) -> None:
        with self._lock:
            if self.failure is None:
                error.add_note(where)
                self.failure = error

    def _register(self, urn: str, request: Any) -> Any:
        is_stack = request.type == STACK_TYPE
        if not is_stack:
            apply_transforms(request, [*request.transforms, *self._stack_transforms])
        marked = {} if is_stack else wire.decode(request.object)
        self._claim(urn, request)
        inputs = wire.strip(marked)
        created = Created(id="")
        if request.custom:
            created = self._provider.create(
                ResourceRequest(
                    urn=urn,
                    type=request.type,
                    name=request.name,
                    inputs=inputs,
                    provider=request.provider,
                    preview=self._preview,
                )
            )
        outputs = wire.carry_secrets(dict(created.outputs), marked)
        for name in request.additionalSecretOutputs:
            if name in outputs and not isinstance(outputs[name], wire.Secret):
                outputs[name] = wire.Secret(outputs[name])
        registration = self._registration(urn, request, marked, inputs, created)
        with self._lock:
            self.registrations.append(registration)
        return resource_pb2.RegisterResourceResponse(urn=urn, id=created.id, object=wire.encode(outputs))

    def _claim(self, urn: str, request: Any) -> None:
        """Settle what the resource inherits, and that no other has its URN."""
        with self._lock:
            if urn in self._inherited:
                raise ValueError(f"two resources are named {request.name!r} ({request.type}): give each its own name")
            protect, retain = self._inherited.get(request.parent, (False, False))
            self._inherited[urn] = (
                request.protect if request.HasField("protect") else protect,
                request.retainOnDelete if request.HasField("retainOnDelete") else retain,
            )

    def _registration(
        self, urn: str, request: Any, marked: Mapping[str, Any], inputs: Mapping[str, Any], created: Created
    ) -> Registration:
        protect, retain = self._inherited[urn]
        return Registration(
            urn=urn,
            type=request.type,
            name=request.name,
            custom=request.custom,
            parent=request.parent,
            marked_inputs=marked,
            inputs=inputs,
            secret_inputs=sorted(wire.secret_paths(dict(marked))),
            dependencies=sorted(request.dependencies),
            property_dependencies={
                key: sorted(value.urns) for key, value in sorted(request.propertyDependencies.items()) if value.urns
            },
            protect=protect,
            retain_on_delete=retain,
            delete_before_replace=request.deleteBeforeReplace if request.deleteBeforeReplaceDefined else None,
            provider=request.provider,
            providers=dict(sorted(request.providers.items())),
            version=request.version,
            ignore_changes=list(request.ignoreChanges),
            replace_on_changes=list(request.replaceOnChanges),
            additional_secret_outputs=sorted(request.additionalSecretOutputs),
            aliases=[_alias(alias) for alias in request.aliases],
            custom_timeouts={
                key: getattr(request.customTimeouts, key) for key in _TIMEOUTS if getattr(request.customTimeouts, key)
            },
            import_id=request.importId,
            deleted_with=request.deletedWith,
            source=self._source(request.sourcePosition),
            id=created.id,
            outputs=wire.strip(dict(created.outputs)),
        )

    def _urn(self, parent: str, type_: str, name: str) -> str:
        # A URN carries the types of all parents, but never the stack's:
        # https://www.pulumi.com/docs/iac/concepts/resources/names/#urns
        parent_type = parent.split("::")[2] if parent else STACK_TYPE
        qualified = type_ if parent_type == STACK_TYPE else f"{parent_type}${type_}"
        return f"{self._prefix}{qualified}::{name}"

    def _source(self, position: Any) -> str:
        if not position.uri:
            return ""
        path = Path(unquote(urlsplit(position.uri).path))
        if path.is_relative_to(self._project_dir):
            path = path.relative_to(self._project_dir)
        return f"{path}:{position.line}"


class EngineLog:
    """The engine's end of the program's log: keeps what a person should see."""

    _LEVELS = {engine_pb2.INFO: "info", engine_pb2.WARNING: "warning", engine_pb2.ERROR: "error"}  # noqa: RUF012

    def __init__(self) -> None:
        self.lines: list[str] = []

    def Log(self, request: Any) -> None:  # noqa: N802
        """Keep one line; the SDK's own debugging is dropped."""
        level = self._LEVELS.get(request.severity)
        if level is not None:
            self.lines.append(f"{level}: {request.message}")

    def RequirePulumiVersion(self, request: Any) -> Any:  # noqa: N802, ARG002 - the service's name and signature
        """Accept any version: there is no CLI to be too old."""
        return engine_pb2.RequirePulumiVersionResponse()


def _alias(alias: Any) -> dict[str, Any]:
    if alias.urn:
        return {"urn": alias.urn}
    spec = alias.spec
    fields = {"name": spec.name, "type": spec.type, "stack": spec.stack, "project": spec.project}
    parent = {"parent": spec.parentUrn} if spec.parentUrn else {"noParent": True} if spec.noParent else {}
    return {key: value for key, value in fields.items() if value} | parent
