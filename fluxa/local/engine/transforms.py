"""Runs the program's transforms on a registration before it is recorded: tag rules and the like.

Transforms are functions in the program; the SDK serves them over gRPC and hands out a target and a token for each.
"""

from collections.abc import Iterable
from typing import Any

import grpc  # type: ignore[import-untyped] # The package ships no types.
from pulumi.runtime.proto import callback_pb2, callback_pb2_grpc, resource_pb2

# The callback server is this process: a proxy named in the environment has no business in between.
_CHANNEL_OPTIONS = (("grpc.enable_http_proxy", 0),)

_COPIED_LISTS = (
    ("dependencies", "depends_on"),
    ("ignoreChanges", "ignore_changes"),
    ("replaceOnChanges", "replace_on_changes"),
    ("additionalSecretOutputs", "additional_secret_outputs"),
    ("aliases", "aliases"),
)
"""Repeated fields that a transform may change: their names in a registration, and in a transform's options."""

_COPIED_SCALARS = (
    ("version", "version"),
    ("provider", "provider"),
    ("pluginDownloadURL", "plugin_download_url"),
    ("deletedWith", "deleted_with"),
)

_COPIED_OPTIONALS = (("protect", "protect"), ("retainOnDelete", "retain_on_delete"))
"""Fields whose absence means something: the parent decides."""


def apply_transforms(request: Any, callbacks: Iterable[Any]) -> None:
    """Change `request` (a `RegisterResourceRequest`) as each callback in turn says.

    Raises:
        RuntimeError: a transform failed; the message carries its own.
    """
    for callback in callbacks:
        response = _call(callback, _question(request))
        if response.HasField("properties"):
            request.object.CopyFrom(response.properties)
        if response.HasField("options"):
            _take_options(request, response.options)


def _question(request: Any) -> Any:
    options = resource_pb2.TransformResourceOptions(providers=dict(request.providers))
    for theirs, ours in _COPIED_LISTS:
        getattr(options, ours).extend(getattr(request, theirs))
    for theirs, ours in _COPIED_SCALARS:
        setattr(options, ours, getattr(request, theirs))
    for theirs, ours in _COPIED_OPTIONALS:
        if request.HasField(theirs):
            setattr(options, ours, getattr(request, theirs))
    if request.deleteBeforeReplaceDefined:
        options.delete_before_replace = request.deleteBeforeReplace
    if request.HasField("customTimeouts"):
        options.custom_timeouts.CopyFrom(request.customTimeouts)
    return resource_pb2.TransformRequest(
        type=request.type,
        name=request.name,
        custom=request.custom,
        parent=request.parent,
        properties=request.object,
        options=options,
    )


def _call(callback: Any, question: Any) -> Any:
    with grpc.insecure_channel(callback.target, options=_CHANNEL_OPTIONS) as channel:
        try:
            answer = callback_pb2_grpc.CallbacksStub(channel).Invoke(
                callback_pb2.CallbackInvokeRequest(token=callback.token, request=question.SerializeToString())
            )
        except grpc.RpcError as error:
            raise RuntimeError(
                f"a transform of {question.name!r} ({question.type}) failed: {error.details()}"
            ) from error
    return resource_pb2.TransformResponse.FromString(answer.response)


def _take_options(request: Any, options: Any) -> None:
    for theirs, ours in _COPIED_LISTS:
        del getattr(request, theirs)[:]
        getattr(request, theirs).extend(getattr(options, ours))
    for theirs, ours in _COPIED_SCALARS:
        setattr(request, theirs, getattr(options, ours))
    for theirs, ours in _COPIED_OPTIONALS:
        if options.HasField(ours):
            setattr(request, theirs, getattr(options, ours))
    if options.HasField("delete_before_replace"):
        request.deleteBeforeReplace = options.delete_before_replace
        request.deleteBeforeReplaceDefined = True
    if options.HasField("custom_timeouts"):
        request.customTimeouts.CopyFrom(options.custom_timeouts)
