"""Where the database and the functions that use it live: private subnets, or the internet for throw-away stacks."""

import pulumi

from components.network.base import POSTGRES_PORT, FunctionPlacement, Network, NetworkArgs
from components.network.private import PrivateNetwork
from components.network.public import PublicNetwork

__all__ = [
    "POSTGRES_PORT",
    "FunctionPlacement",
    "Network",
    "NetworkArgs",
    "PrivateNetwork",
    "PublicNetwork",
    "create_network",
]


def create_network(name: str, args: NetworkArgs, opts: pulumi.ResourceOptions | None = None) -> Network:
    """Make the network that the settings ask for."""
    kind = PublicNetwork if args.settings.mode == "public" else PrivateNetwork
    return kind(name, args, opts)
