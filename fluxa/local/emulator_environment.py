"""The emulator's own Python environment: it pins botocore exactly, so it cannot share the project's.

Functions run in this environment's interpreter too, whatever `Runtime` says, so it is made from the project's Python.
"""

from pathlib import Path

from fluxa.local.locked_environment import LockedEnvironment

EMULATOR = LockedEnvironment(folder="emulator-env", group="emulator", name="The AWS emulator")


def ensure(project_dir: Path) -> Path:
    """Return the environment's interpreter, installing what `uv.lock` says when that is not there yet.

    Raises:
        OperatorError: the lock file or uv is missing, the folder cannot be written, or the installation failed.
    """
    return EMULATOR.ensure(project_dir)
