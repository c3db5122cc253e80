"""Turns every registration of the program into the calls that make it real on this machine."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fluxa.local.emulator import Emulator
from fluxa.local.engine import Created, ResourceRequest
from fluxa.local.postgres import PostgresServer
from fluxa.local.provider import lookups
from fluxa.local.provider.aws import load_all
from fluxa.local.provider.inputs import Inputs, MissingInput
from fluxa.local.provider.registry import RESOURCE_TYPES
from fluxa.local.provider.request import Platform, Request


class UnknownResourceType(LookupError):
    """The program uses a resource type that the local platform cannot create."""


class UnmappedInput(LookupError):
    """A resource has an input that the local platform neither uses nor ignores on purpose."""


class LocalProvider:
    """Creates the program's resources in the AWS emulator and the local PostgreSQL. Safe to call from many threads.

    The emulator handles one request at a time, so independent resources may be created at once.
    """

    def __init__(self, emulator: Emulator, postgres: PostgresServer, state_dir: Path) -> None:
        self._platform = Platform(emulator=emulator, postgres=postgres, state_dir=state_dir)
        load_all()

    def create(self, request: ResourceRequest) -> Created:
        """Create one resource and return its real id, ARN and other outputs, together with its inputs.

        Raises:
            UnknownResourceType: no file of `fluxa.local.provider.aws` creates this type.
            UnmappedInput: an input has no local meaning yet.
            MissingInput: an input is not set that has to be.
            Exception: what the emulator or PostgreSQL answered.
        """
        resource_type = RESOURCE_TYPES.get(request.type)
        if resource_type is None:
            raise UnknownResourceType(
                f"the local platform cannot create {request.type} ({request.name!r}): add a function for it to "
                f"{_file_for(request.type)}"
            )
        inputs = Inputs(request.inputs)
        try:
            created = resource_type.create(
                Request(
                    urn=request.urn,
                    type=request.type,
                    name=request.name,
                    provider=request.provider,
                    inputs=inputs,
                    echo=request.inputs,
                    platform=self._platform,
                )
            )
        except MissingInput as error:
            raise MissingInput(f"{request.type} {request.name!r} needs the input {error}") from None
        unmapped = sorted(path for path in inputs.unread() if not resource_type.ignores(path))
        if unmapped:
            raise UnmappedInput(
                f"{request.type} {request.name!r}: the local platform does not map {', '.join(unmapped)}; map it, or "
                f"ignore it with a reason, in {_file_for(request.type)}"
            )
        return Created(id=created.id, outputs={**request.inputs, **created.outputs})

    def invoke(self, token: str, args: Mapping[str, Any]) -> Mapping[str, Any]:
        """Answer a look-up for the emulator's account."""
        return lookups.answer(self._platform, token, args)


def _file_for(type_: str) -> str:
    module = type_.partition(":")[2].partition("/")[0]
    # `lambda` is a word of Python's own.
    return f"fluxa/local/provider/aws/{'lambda_' if module == 'lambda' else module}.py"
