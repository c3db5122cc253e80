"""The table of alarms: what is watched, from which value on it is wrong, why, and which runbook tells what to do."""

from components.alarm_specs.api import api_alarms
from components.alarm_specs.database import database_alarms
from components.alarm_specs.delivery import delivery_alarms
from components.alarm_specs.functions import function_alarms
from components.alarm_specs.spec import RUNBOOKS, AlarmSpec, CompositeSpec
from components.alarm_specs.upkeep import upkeep_alarms
from components.measures import Watched
from components.settings import StackSettings

__all__ = ["RUNBOOKS", "AlarmSpec", "CompositeSpec", "alarm_specs", "service_unhealthy"]

_AREAS = (delivery_alarms, api_alarms, function_alarms, database_alarms, upkeep_alarms)


def alarm_specs(watched: Watched, settings: StackSettings) -> tuple[AlarmSpec, ...]:
    """Return every alarm of a stack, in the order in which an event meets what they watch."""
    return tuple(spec for area in _AREAS for spec in area(watched, settings))


def service_unhealthy(specs: tuple[AlarmSpec, ...]) -> CompositeSpec:
    """Return the alarm to be woken by: what is on while somebody outside is hurt, and for no other reason."""
    return CompositeSpec(
        name="service-unhealthy",
        members=tuple(spec.name for spec in specs if spec.hurts_now),
        reason="Clients get errors or wait, or what they sent is not being stored: somebody outside is hurt now.",
    )
