"""The in-process Pulumi engine: runs the project's own program and records every resource it registers.

It is no `pulumi preview`: it keeps no state and compares with nothing. What it gives is the program's registrations,
complete with options, and a seam (`Provider`) where something may answer them: a plan, a test, the local platform.
"""

from fluxa.local.engine.config import Configuration, InvalidConfiguration, UnknownStack, load_configuration, stacks_of
from fluxa.local.engine.monitor import NotSupported
from fluxa.local.engine.registration import (
    STACK_TYPE,
    Created,
    Invocation,
    Provider,
    Recording,
    Registration,
    ResourceRequest,
)
from fluxa.local.engine.run import run_program
from fluxa.local.engine.wire import UNKNOWN, Secret, Unknown

__all__ = [
    "STACK_TYPE",
    "UNKNOWN",
    "Configuration",
    "Created",
    "InvalidConfiguration",
    "Invocation",
    "NotSupported",
    "Provider",
    "Recording",
    "Registration",
    "ResourceRequest",
    "Secret",
    "Unknown",
    "UnknownStack",
    "load_configuration",
    "run_program",
    "stacks_of",
]
