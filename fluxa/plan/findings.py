"""The policy's judgement of a recording: what a plan prints, and what tests demand to be empty."""

from collections.abc import Mapping
from typing import Any

from fluxa.local.engine import Recording, Registration, Unknown
from policy import RULES, UNKNOWN, Resource, Stack, Verdict, judge


def judged(recording: Recording) -> Verdict:
    """Put every rule of `policy/` to what the program registered."""
    return judge(policy_stack(recording), RULES)


def policy_stack(recording: Recording) -> Stack:
    """Turn a recording into the plain values that rules read."""
    return Stack([_resource(registration) for registration in recording.registrations])


def _resource(registration: Registration) -> Resource:
    return Resource(
        urn=registration.urn,
        type=registration.type,
        name=registration.name,
        inputs=_plain(registration.inputs),
        custom=registration.custom,
        parent=registration.parent,
        # Without the id that follows the URN.
        provider=registration.provider.rpartition("::")[0],
        dependencies=registration.dependencies,
        property_dependencies=registration.property_dependencies,
        protect=registration.protect,
    )


def _plain(value: Any) -> Any:
    match value:
        case Unknown():
            return UNKNOWN
        case Mapping():
            return {key: _plain(item) for key, item in value.items()}
        case list() | tuple():
            return [_plain(item) for item in value]
        case _:
            return value
