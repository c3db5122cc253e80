"""Small Pulumi projects on disk, and a provider that answers them from memory."""

import textwrap
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fluxa.local.engine import Created, ResourceRequest

QUEUE = "aws:sqs/queue:Queue"
PARAMETER = "aws:ssm/parameter:Parameter"

CHAINED = """
    import pulumi
    import pulumi_aws as aws

    queue = aws.sqs.Queue("q", name="orders")
    aws.ssm.Parameter("p", type="String", value=queue.arn, name=queue.name)
    pulumi.export("arn", queue.arn)
"""
"""A program with a queue, and a parameter that holds its ARN."""

NESTED = """
    import pulumi
    import pulumi_aws as aws

    class Inner(pulumi.ComponentResource):
        def __init__(self, name, opts=None):
            super().__init__("shop:inner:Inner", name, None, opts)
            self.queue = aws.sqs.Queue(f"{name}-queue", opts=pulumi.ResourceOptions(parent=self))
            self.register_outputs({})

    class Outer(pulumi.ComponentResource):
        def __init__(self, name, opts=None):
            super().__init__("shop:outer:Outer", name, None, opts)
            self.inner = Inner(f"{name}-inner", pulumi.ResourceOptions(parent=self))
            self.register_outputs({})
"""
"""The beginning of a program: a component within a component, and a queue in it."""


def a_project(folder: Path, program: str, *, files: Mapping[str, str] | None = None) -> Path:
    """Write a project named `shop` with the stack `dev` into `folder`; `files` are added to it or replace its own."""
    contents = {"Pulumi.yaml": "name: shop\nruntime: python\n", "Pulumi.dev.yaml": "config: {}\n"}
    contents |= {"__main__.py": textwrap.dedent(program)} | dict(files or {})
    for name, text in contents.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text), encoding="utf-8")
    return folder


@dataclass
class EchoProvider:
    """Creates everything at once: outputs are the inputs and an `arn`; in a preview, only the inputs."""

    lookups: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    refuse: Callable[[ResourceRequest], Exception | None] = lambda request: None
    requests: list[ResourceRequest] = field(default_factory=list)

    def create(self, request: ResourceRequest) -> Created:
        self.requests.append(request)
        error = self.refuse(request)
        if error is not None:
            raise error
        if request.preview:
            return Created(id="", outputs=request.inputs)
        return Created(id=f"{request.name}-id", outputs={**request.inputs, "arn": f"arn:{request.name}"})

    def invoke(self, token: str, args: Mapping[str, Any]) -> Mapping[str, Any]:
        return self.lookups[token]
