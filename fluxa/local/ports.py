"""Where the local platform listens: a free TCP port on the loopback interface, never a fixed one."""

import socket
from pathlib import Path

LOOPBACK = "127.0.0.1"
"""The only interface the local platform listens on: its services are for this machine alone."""

HIGHEST_PORT = 65_535

START_ATTEMPTS = 5
"""How often a service is started on another port when someone took the one found before it could listen."""


def is_free(port: int) -> bool:
    """Say whether a server could listen on `port` now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # A server sets this too: connections of a stopped one linger for a minute and block nobody.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def find_free(preferred: int | None = None) -> int:
    """Return `preferred` when it is free, any free port otherwise.

    Nothing is reserved: whoever starts a server on it must be ready to try again.
    """
    if preferred is not None and is_free(preferred):
        return preferred
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind((LOOPBACK, 0))
        port: int = probe.getsockname()[1]
    return port


def remember(record: Path, port: int) -> None:
    """Write down which port a service got, so that its address stays the same from one start to the next."""
    record.write_text(f"{port}\n", encoding="utf-8")


def last_used(record: Path) -> int | None:
    """Return the port that `remember` wrote, None when there is none or it cannot be read."""
    try:
        port = int(record.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return None
    return port if 0 < port <= HIGHEST_PORT else None
