"""How long a message that failed waits for its next delivery."""

import math
from collections.abc import Callable

BASE_SECONDS = 4.0
CAP_SECONDS = 900.0
"""With ten receives the waits add up to a quarter of an hour on average: a short outage dead-letters nothing."""

_MOST_DOUBLINGS = 16  # Far above the cap, far below an overflow.


def back_off_seconds(receive_count: int, random: Callable[[], float]) -> int:
    """Return a random wait whose ceiling doubles with each delivery: "full jitter".

    Messages that failed together would otherwise come back together.
    https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/

    Args:
        receive_count: deliveries so far, from 1.
        random: draws from 0 up to, not including, 1.
    """
    doublings = min(max(receive_count - 1, 0), _MOST_DOUBLINGS)
    ceiling = min(CAP_SECONDS, math.ldexp(BASE_SECONDS, doublings))
    return max(1, math.ceil(random() * ceiling))
