"""Route 53: names of your own, which no resolver of this machine asks the emulator for."""

from fluxa.local.engine import Created
from fluxa.local.provider.registry import resource
from fluxa.local.provider.request import Request

_NOT_ASKED = "no resolver asks the emulator"


@resource(
    "aws:route53/record:Record",
    # The zone is one that exists elsewhere, so that the emulator has none to enter a record in.
    ignored={
        "aliases": _NOT_ASKED,
        "allowOverwrite": _NOT_ASKED,
        "healthCheckId": _NOT_ASKED,
        "records": _NOT_ASKED,
        "setIdentifier": _NOT_ASKED,
        "ttl": _NOT_ASKED,
    },
)
def record(request: Request) -> Created:
    """Acknowledge a record."""
    name, type_ = request.inputs.require("name"), request.inputs.require("type")
    return Created(id=f"{request.inputs.require('zoneId')}_{name}_{type_}", outputs={"fqdn": name})
