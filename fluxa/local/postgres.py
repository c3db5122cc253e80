"""The local platform's database: a PostgreSQL server from a wheel, on the loopback interface, with a password.

It stands where RDS stands on AWS. Data outlives the server: a graceful stop, and `kill -9` of everything, lose nothing.
"""

import signal
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from fluxa.errors import OperatorError
from fluxa.local import postgres_data, postgres_home, processes
from fluxa.local.ports import LOOPBACK, START_ATTEMPTS, find_free, is_free, last_used, remember
from fluxa.local.postgres_home import Home

SUPERUSER = "rdsadmin"
"""The role that owns the server, named as on RDS: no stack can have it for its own master user."""

START_TIMEOUT_SECONDS = 30.0
"""From start to the first connection, crash recovery included."""

STOP_TIMEOUT_SECONDS = 1.5
"""A fast shutdown takes 0.1 s; after this the server is stopped the hard way and recovers at its next start."""

ORPHAN_TIMEOUT_SECONDS = 3.0
"""For the server of a killed platform to stop before it is killed too."""

_STATUS_LINE = 7
"""Where `postmaster.pid` says whether connections are accepted, counted from 0.

https://www.postgresql.org/docs/18/storage-file-layout.html
"""

_POLL_SECONDS = 0.02

_PARAMETERS = {
    "listen_addresses": LOOPBACK,
    "unix_socket_directories": "",
    "max_connections": "100",
    # Events must survive `kill -9` of the platform, not a power cut: what has been written to the kernel is safe, so
    # it need not be forced to disk at every commit.
    "fsync": "off",
    # Stays on: a committed event that waits in the server's own memory would be lost with the process.
    "synchronous_commit": "on",
    # Stays on: a process killed in the middle of writing an 8 KiB page leaves a torn one, which only this repairs.
    "full_page_writes": "on",
    "max_wal_size": "256MB",
    # Reads come from the page cache here; worker processes for them only slow the start.
    "io_method": "sync",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
}


@dataclass(frozen=True, kw_only=True)
class PostgresServer:
    """A running server that accepts connections."""

    host: str
    port: int
    user: str
    password: str = field(repr=False)
    data_dir: Path
    """Where the data belongs; while root runs the server it may live elsewhere (see `postgres_home`)."""
    process: subprocess.Popen[bytes] = field(repr=False, compare=False)

    def url(self, database: str = "postgres") -> str:
        """Return a connection URL for the superuser. It contains the password: never log it."""
        return f"postgresql://{quote(self.user)}:{quote(self.password)}@{self.host}:{self.port}/{quote(database)}"


def start(data_dir: Path, *, port: int | None = None) -> PostgresServer:
    """Start the server whose data lives in `data_dir`, creating it at the first start.

    A server left running by a killed platform is stopped first; a stale `postmaster.pid` is recovered. Beside the
    folder stand `<name>.password` (mode 0600) and `<name>.log`.

    Args:
        port: the port to listen on; None finds a free one, the last one used when possible.

    Raises:
        OperatorError: the port is taken, the password is lost, root has no account to run the server as, or it
            does not start.
    """
    if port is not None and not is_free(port):
        raise OperatorError(f"Port {port} is in use: choose another one for PostgreSQL, or none to have one found.")
    data_dir = data_dir.resolve()
    data_dir.parent.mkdir(parents=True, exist_ok=True)
    stop_orphans(data_dir)
    home = postgres_home.enter(data_dir)
    try:
        return _start_in(home, data_dir, port)
    except BaseException:
        postgres_home.leave(data_dir)
        raise


def stop(server: PostgresServer) -> None:
    """Stop the server within two seconds, connections or not; does nothing when it is already gone."""
    for way in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):  # fast, immediate, none left
        with suppress(subprocess.TimeoutExpired):
            if server.process.poll() is None:
                server.process.send_signal(way)
            server.process.wait(STOP_TIMEOUT_SECONDS if way is signal.SIGINT else 0.2)
            break
    stop_orphans(server.data_dir)


def _start_in(home: Home, data_dir: Path, port: int | None) -> PostgresServer:
    password = postgres_data.prepare(home, data_dir, SUPERUSER)
    for _ in range(START_ATTEMPTS):
        chosen = port or find_free(last_used(_port_record(data_dir)))
        process = _launch(home, data_dir, chosen)
        if process is not None:
            remember(_port_record(data_dir), chosen)
            return PostgresServer(
                host=LOOPBACK, port=chosen, user=SUPERUSER, password=password, data_dir=data_dir, process=process
            )
    raise OperatorError(f"PostgreSQL found no port to listen on: see {log_of(data_dir)}.")


def _launch(home: Home, data_dir: Path, port: int) -> subprocess.Popen[bytes] | None:
    """Start the server and wait until it is ready; None when somebody else has taken the port."""
    log = log_of(data_dir)
    command = [str(home.installation / "bin" / "postgres"), "-D", str(home.data_dir), "-c", f"port={port}"]
    for name, value in _PARAMETERS.items():
        command += ["-c", f"{name}={value}"]
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd="/",
            env=postgres_home.ENVIRONMENT,
            # Ctrl-C at the terminal is for `fluxa dev`, which stops the server itself, after its clients.
            start_new_session=True,
            **home.run_as(),
        )
    deadline = time.monotonic() + START_TIMEOUT_SECONDS
    while time.monotonic() < deadline:
        if _is_ready(home.data_dir, process.pid):
            return process
        if process.poll() is not None:
            if "could not create any TCP/IP sockets" in log.read_text(encoding="utf-8", errors="replace"):
                return None
            raise OperatorError(f"PostgreSQL stopped while starting: see {log}, or start clean with --reset.")
        time.sleep(_POLL_SECONDS)
    process.kill()
    process.wait()
    raise OperatorError(f"PostgreSQL was not ready after {START_TIMEOUT_SECONDS:.0f} s: see {log}.")


def _is_ready(data_dir: Path, pid: int) -> bool:
    try:
        lines = (data_dir / "postmaster.pid").read_text(encoding="utf-8", errors="replace").splitlines()
    except FileNotFoundError:
        return False
    return len(lines) > _STATUS_LINE and lines[0].strip() == str(pid) and lines[_STATUS_LINE].strip() == "ready"


def stop_orphans(data_dir: Path) -> None:
    """Stop whatever still serves the data that belongs in `data_dir`, whoever started it, and bring the data home.

    Every process of a server works inside its data folder; that tells it from a stranger that was given the process
    id in a stale `postmaster.pid`.
    """
    data_dir = data_dir.resolve()
    folder = postgres_home.current_data_dir(data_dir)
    pid_file = folder / "postmaster.pid"
    if pid_file.exists():
        servers = processes.working_in(folder, program="postgres")
        # Asked politely, the first process stops the others; a signal to them too would look like a crash to it.
        processes.send(processes.heads(servers), signal.SIGINT)
        if not processes.wait_until_gone(servers, ORPHAN_TIMEOUT_SECONDS):
            processes.send(servers, signal.SIGKILL)
            processes.wait_until_gone(servers, ORPHAN_TIMEOUT_SECONDS)
        pid_file.unlink(missing_ok=True)
    postgres_home.leave(data_dir)


def is_running(data_dir: Path) -> bool:
    """Tell whether any server serves the data that belongs in `data_dir`, whoever started it."""
    return bool(processes.working_in(postgres_home.current_data_dir(data_dir.resolve()), program="postgres"))


def log_of(data_dir: Path) -> Path:
    """Return where the server whose data belongs in `data_dir` writes what it has to say."""
    return data_dir.with_name(f"{data_dir.name}.log")


def _port_record(data_dir: Path) -> Path:
    return data_dir.with_name(f"{data_dir.name}.port")
