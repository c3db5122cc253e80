"""The whole program for a real stack file, answered from memory: nothing is built and nothing is asked."""

import functools
from collections.abc import Mapping
from typing import Any

from fluxa.local.engine import Created, Recording, ResourceRequest, run_program
from tests.support.pulumi_recorder import computed
from tests.support.stack_builders import ALL_LOOKUPS, REPOSITORY

STACKS = ("dev", "local", "pr", "prod")
FUNCTION = "aws:lambda/function:Function"
SERVICES = ("ingest", "processor", "query", "maintenance")


class Memory:
    """A provider that creates nothing and remembers nothing."""

    def create(self, request: ResourceRequest) -> Created:
        name = request.name
        known = {"arn": f"arn:aws:test:::{name}", "name": f"{name}-physical"}
        outputs = {**known, **computed(request.type, name), **request.inputs}
        return Created(id=f"{name}-id", outputs=outputs)

    def invoke(self, token: str, args: Mapping[str, Any]) -> Mapping[str, Any]:
        return ALL_LOOKUPS[token]


@functools.cache
def recorded(stack: str) -> Recording:
    """Return what a stack asks for. It is the same for every test, so nobody may change it."""
    return run_program(REPOSITORY, stack, Memory(), overrides={"functions.bundles": "named"})
