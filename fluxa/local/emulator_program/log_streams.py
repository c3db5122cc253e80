"""The newest log streams of each group, and no others: the emulator keeps everything in memory, until it stops.

It gives each invocation a stream of its own, and looks at every one of a group whenever the metrics bridge asks what is
new, twice a second.
"""

import itertools
from typing import Any

KEPT_STREAMS = 10_000
"""In each group: what 10,000 invocations said, some 2.5 kB for each event that they handled."""


def install(lambda_svc: Any, cloudwatch_logs: Any) -> None:
    """Let the emulator forget the oldest streams of a function that is called very often."""
    write = lambda_svc._emit_lambda_logs

    def write_and_forget(*arguments: Any, **options: Any) -> None:
        write(*arguments, **options)
        for group in list(cloudwatch_logs._log_groups.values()):
            forget_oldest(group["streams"])

    lambda_svc._emit_lambda_logs = write_and_forget


def forget_oldest(streams: dict[str, Any]) -> None:
    """Keep the newest `KEPT_STREAMS`; they are in the order in which they were made."""
    surplus = len(streams) - KEPT_STREAMS
    for name in list(itertools.islice(streams, max(0, surplus))):
        streams.pop(name, None)
