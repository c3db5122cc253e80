"""The network's addresses, cut up: the same for every stack, so that no toggle moves a subnet that is there."""

import ipaddress
from collections.abc import Sequence

_EIGHTHS = 3
_SIXTEENTHS = 4
"""Prefix bits to add for pieces of that size."""
_LARGEST_ZONES = 3
_FIRST_PUBLIC_SIXTEENTH = 12
"""Behind six eighths for functions and the database. Of a /24 a sixteenth is a /28, AWS's smallest subnet."""


def function_blocks(cidr: str, zones: int) -> Sequence[str]:
    """Return the subnets of functions: large ones, as every function that runs may need an address."""
    return _pieces(cidr, _EIGHTHS)[:zones]


def database_blocks(cidr: str, zones: int) -> Sequence[str]:
    """Return the subnets of the database and what stands beside it."""
    return _pieces(cidr, _EIGHTHS)[_LARGEST_ZONES:][:zones]


def public_blocks(cidr: str, zones: int) -> Sequence[str]:
    """Return the subnets of NAT gateways, which hold one address each."""
    return _pieces(cidr, _SIXTEENTHS)[_FIRST_PUBLIC_SIXTEENTH:][:zones]


def _pieces(cidr: str, bits: int) -> list[str]:
    return [str(block) for block in ipaddress.IPv4Network(cidr).subnets(prefixlen_diff=bits)]
