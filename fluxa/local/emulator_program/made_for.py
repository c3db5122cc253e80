"""The version of the emulator whose functions are replaced; with another one, nothing says that they still fit."""

MADE_FOR = "1.5.33"
"""For another version: read what changed in the functions that this package names, change this, and run
tests/integration/services, where `both_queues` compares the two."""


def refuse_another(found: str) -> None:
    """Return if this is the version.

    Raises:
        SystemExit: it is not.
    """
    if found != MADE_FOR:
        raise SystemExit(
            f"The emulator is ministack {found}, and what we change in it was made for {MADE_FOR}: see {__file__}."
        )
