"""What of its installed packages a function reads; the rest stays out of its bundle.

A smaller bundle starts faster: Lambda fetches it, and botocore lists its data folder, at every cold start.
"""

import fnmatch
import os
import re
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

from components.bundling.errors import BundleError

_CREDENTIAL_SERVICES = frozenset({"secretsmanager", "ssm"})
"""The database's password comes from one of them, by the setting `secrets.backend`; so each is there.
Tokens, the third way, are signed without a description of RDS."""

SERVICES: dict[str, frozenset[str]] = {
    "ingest": frozenset({"s3", "sqs"}),
    "processor": _CREDENTIAL_SERVICES | {"s3", "sqs"},
    "query": _CREDENTIAL_SERVICES | {"s3", "sqs"},
    "maintenance": _CREDENTIAL_SERVICES | {"cloudwatch", "s3", "sqs"},
}
"""The AWS services each function calls: botocore's description of every other one stays at home."""

# For compilers, people and test runners, never for an import.
_UNREAD = (
    *(f"*.{suffix}" for suffix in ("c", "cpp", "h", "md", "pxd", "pyc", "pyi", "pyx", "rst", "typed")),
    *("*/test/*", "*/tests/*", "*/__pycache__/*", "*/.*", ".*", "bin/*", "boto3/examples/*", "*/examples-1.json"),
)
# The processor carries a user's handlers, which may import any part of any package. The others hold only our code.
_UNUSED_BY_US = (
    "backports/zstd/_cffi/*",
    "backports/zstd/tarfile.py",
    "backports/zstd/zipfile/*",
    "boto3/dynamodb/*",
    "dateutil/rrule.py",
    "dateutil/zoneinfo/*",
    "pydantic/mypy.py",
    "pydantic/v1/*",
    "s3transfer/crt.py",
    "s3transfer/processpool.py",
    "urllib3/contrib/*",
)
# Migrations are SQL for PostgreSQL: no object mapper and no other database. SQLAlchemy's compiled modules have twins
# in Python, fast enough for a handful of statements.
_UNUSED_BY_MIGRATIONS = (
    "alembic/templates/*",
    "alembic/testing/*",
    *(f"sqlalchemy/dialects/{database}/*" for database in ("mssql", "mysql", "oracle", "sqlite")),
    "sqlalchemy/ext/[!_c]*",  # All but `compiler`, with which Alembic extends its DDL.
    "sqlalchemy/orm/*",
    "sqlalchemy/testing/*",
    "sqlalchemy/*.so",
)
_UNUSED: dict[str, tuple[str, ...]] = {
    "ingest": _UNUSED_BY_US,
    "processor": (),
    "query": _UNUSED_BY_US,
    "maintenance": (*_UNUSED_BY_US, *_UNUSED_BY_MIGRATIONS),
}

_METADATA_FIELDS = ("Metadata-Version:", "Name:", "Version:")


def kept_files(
    packages: Iterable[Path], function: str, services: Collection[str]
) -> Iterator[tuple[str, Path | bytes]]:
    """Yield path in the bundle and content for what a function needs of its installed packages.

    Raises:
        BundleError: botocore knows no service of a given name.
    """
    unread = re.compile("|".join(fnmatch.translate(pattern) for pattern in (*_UNREAD, *_UNUSED[function])))
    for package in packages:
        _refuse_unknown_services(package, services)
        for path, file in _walk(package):
            if unread.match(path) or _describes_other_services(path, services):
                continue
            if path.split("/", 1)[0].endswith(".dist-info"):
                yield from _metadata(path, file)
            else:
                yield path, file


def _walk(package: Path) -> Iterator[tuple[str, Path]]:
    for folder, _, names in os.walk(package):
        prefix = Path(folder).relative_to(package).as_posix()
        yield from ((name if prefix == "." else f"{prefix}/{name}", Path(folder, name)) for name in names)


def _describes_other_services(path: str, services: Collection[str]) -> bool:
    """Tell `botocore/data/sqs/…/service-2.json.gz` from what all share, such as `botocore/data/endpoints.json`."""
    match path.split("/"):
        case ["botocore" | "boto3", "data", service, _, *_]:
            return service not in services
        case _:
            return False


def _metadata(path: str, file: Path) -> Iterator[tuple[str, bytes]]:
    """Keep a distribution's name, version and entry points: psycopg asks for its own version when imported.

    The rest (the installer's records, hashes, read-me) differs between installations or is long.
    """
    if file.name == "entry_points.txt":
        yield path, file.read_bytes()
    elif file.name == "METADATA":
        header = file.read_text(encoding="utf-8").split("\n\n", 1)[0].splitlines()
        yield path, "".join(f"{line}\n" for line in header if line.startswith(_METADATA_FIELDS)).encode()


def _refuse_unknown_services(package: Path, services: Collection[str]) -> None:
    data = package / "botocore" / "data"
    unknown = [service for service in sorted(services) if data.is_dir() and not (data / service).is_dir()]
    if unknown:
        raise BundleError(
            f"botocore knows no service {', '.join(unknown)}: correct handler-services under [tool.fluxa] "
            "in pyproject.toml; the names are those that boto3.client() takes.",
        )
