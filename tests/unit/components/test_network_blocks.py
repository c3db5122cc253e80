"""How a network's addresses are cut up."""

import ipaddress
import itertools

import pytest

from components.network.blocks import database_blocks, function_blocks, public_blocks

LARGEST_ZONES = 3
SMALLEST_SUBNET = 28
"""https://docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html"""


@pytest.mark.parametrize("prefix", range(16, 25))
def test_every_network_has_room_for_three_zones_of_everything(prefix):
    cidr = f"10.20.0.0/{prefix}"
    kinds = [blocks(cidr, LARGEST_ZONES) for blocks in (function_blocks, database_blocks, public_blocks)]

    networks = [ipaddress.IPv4Network(block) for block in itertools.chain.from_iterable(kinds)]
    assert 9 == len(networks)
    assert all(item.subnet_of(ipaddress.IPv4Network(cidr)) for item in networks)
    assert not any(one.overlaps(other) for one, other in itertools.combinations(networks, 2))
    assert SMALLEST_SUBNET >= max(item.prefixlen for item in networks)


def test_subnets_of_stacks_that_exist_stay_where_they_are():
    assert ["10.20.0.0/19", "10.20.32.0/19", "10.20.64.0/19"] == function_blocks("10.20.0.0/16", 3)
    assert ["10.20.96.0/19", "10.20.128.0/19", "10.20.160.0/19"] == database_blocks("10.20.0.0/16", 3)
    assert ["10.20.192.0/20", "10.20.208.0/20", "10.20.224.0/20"] == public_blocks("10.20.0.0/16", 3)
    assert ["192.168.7.0/27", "192.168.7.32/27"] == function_blocks("192.168.7.0/24", 2)
    assert ["192.168.7.192/28"] == public_blocks("192.168.7.0/24", 1)


@pytest.mark.parametrize("blocks", [function_blocks, database_blocks, public_blocks])
def test_another_zone_moves_no_subnet(blocks):
    assert blocks("10.0.0.0/20", 1) == blocks("10.0.0.0/20", 3)[:1]
    assert blocks("10.0.0.0/20", 2) == blocks("10.0.0.0/20", 3)[:2]
