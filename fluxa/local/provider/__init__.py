"""The local provider: what makes the stack's own program deploy to this machine.

`components/` and `functions/` do not know it exists. One function per resource type, one file per AWS service (`aws/`).
"""

from fluxa.local.provider.inputs import MissingInput
from fluxa.local.provider.local import LocalProvider, UnknownResourceType, UnmappedInput
from fluxa.local.provider.lookups import UnknownLookup

__all__ = ["LocalProvider", "MissingInput", "UnknownLookup", "UnknownResourceType", "UnmappedInput"]
