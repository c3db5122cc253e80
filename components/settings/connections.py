"""How many connections an instance class can hold, so that a stack cannot ask for more than its database has."""

ADMIN_CONNECTIONS = 10
"""Kept free of traffic: five that PostgreSQL and RDS reserve for superusers, `MAINTENANCE_CONNECTIONS`, two for people.
"""

MAINTENANCE_CONNECTIONS = 3
"""Invocations of maintenance at one time, each with one: the API's callers ask it to erase, as often as they like."""

BUDGET_SHARE = 0.8
"""Part of the connections that may be planned for. A replaced Lambda environment holds its old one for a while."""

_BYTES_PER_CONNECTION = 9_531_392
_LARGEST_DEFAULT = 5_000
# RDS computes from the memory left after the operating system and its own processes, and states no figure.
# On 1 GiB classes it leaves about 70 %; more on larger ones, which makes this cautious there.
_USABLE_MEMORY_SHARE = 0.7

_BURSTABLE = {"micro": 1, "small": 2, "medium": 4, "large": 8, "xlarge": 16, "2xlarge": 32}
_GENERAL = {"large": 8, "xlarge": 16, "2xlarge": 32, "4xlarge": 64, "8xlarge": 128, "12xlarge": 192, "16xlarge": 256}
_MEMORY_RICH = {size: 2 * memory for size, memory in _GENERAL.items()}
_FAMILIES = (
    (("t3", "t4g"), _BURSTABLE),
    (("m6g", "m6i", "m7g", "m7i", "m8g"), _GENERAL),
    (("r6g", "r6i", "r7g", "r7i", "r8g"), _MEMORY_RICH),
)

MEMORY_GIB = {
    f"db.{family}.{size}": memory
    for families, sizes in _FAMILIES
    for family in families
    for size, memory in sizes.items()
}
"""Memory by instance class.
https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Concepts.DBInstanceClass.Summary.html
"""


def max_connections(instance_class: str) -> int:
    """Return what RDS's default, `LEAST({DBInstanceClassMemory/9531392}, 5000)`, comes to; rounded down.

    https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/CHAP_Limits.html#RDS_Limits.MaxConnections

    Raises:
        KeyError: The instance class is not in `MEMORY_GIB`.
    """
    memory_bytes = MEMORY_GIB[instance_class] * 2**30
    return min(int(memory_bytes * _USABLE_MEMORY_SHARE / _BYTES_PER_CONNECTION), _LARGEST_DEFAULT)


def connection_budget(instance_class: str) -> int:
    """Return how many connections functions and people may plan to hold at one time."""
    return int(max_connections(instance_class) * BUDGET_SHARE)
