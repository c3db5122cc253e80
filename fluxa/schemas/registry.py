"""The registry in the working tree, against what was published: the same folder at a commit."""

import shutil
import subprocess
import tomllib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from components.bundling.errors import BundleError
from components.bundling.schemas import (
    SCHEMAS_FOLDER,
    SchemaName,
    pointed,
    read_schema,
    schema_files,
    schema_name,
    upcaster_files,
)
from fluxa.errors import OperatorError
from fluxa.schemas.compatibility import issues_between
from fluxa.schemas.findings import Finding
from fluxa.schemas.issues import Issue
from fluxa.schemas.upcasters import upcaster_findings

Mode = Literal["backward", "forward", "full", "none"]
"""What a change must keep: the new schema accepts what the old one did, the old one what the new one does, both."""

_WITH_UPCASTER: Mapping[Mode, Mode] = {"backward": "none", "forward": "forward", "full": "forward", "none": "none"}
"""What a new version must keep when an upcaster leads to it: whoever reads the older version is not helped by one."""

MAIN = ("main", "origin/main")
"""Where published schemas are looked for unless told otherwise."""

_SETTING = "schema-compatibility under [tool.fluxa] in pyproject.toml"


def check(project_dir: Path, ref: str | None) -> list[Finding]:
    """Return everything that speaks against the registry: schemas and upcasters that do not work, changes that break.

    Args:
        project_dir: The project's root.
        ref: The commit that was published; None leaves it at the schemas' validity.

    Raises:
        OperatorError: The modes in pyproject.toml cannot be read, or the commit.
    """
    mode_of = modes(project_dir)
    schemas, findings = _read(project_dir)
    files, upcasters = _names(project_dir)
    before = _before(files)
    findings += upcaster_findings(upcasters, before, schemas)
    if ref is None:
        return findings
    published = _published(project_dir, ref)
    findings += [
        Finding(
            path=name.path, place="", rule="version_removed", message="removed, and events may name it", against=ref
        )
        for name in published.schemas
        if name not in files and mode_of(name.type) != "none"
    ]
    bridges = [name for name in upcasters if name in published.upcasters and mode_of(name.type) != "none"]
    findings += _inserted(bridges, before, published)
    for name, schema in schemas.items():
        mode, previous = mode_of(name.type), _previous(name, schemas)
        if name in published.schemas:
            old = _readable(published.schemas[name], name.path)
            findings += _compared(name, old, schema, mode, ref)
            if name in published.upcasters - set(upcasters) and previous is not None and mode != "none":
                findings += _unbridged(name, schemas[previous], schema, ref)
        elif previous is not None:
            # Whoever reads an older event gets it through the upcaster, so the new schema need not accept it.
            mode = _WITH_UPCASTER[mode] if name in upcasters else mode
            findings += _compared(name, schemas[previous], schema, mode, previous.path)
    return findings


def modes(project_dir: Path) -> "_Modes":
    """Read which change is compatible, for each event type.

    Raises:
        OperatorError: There is no such mode.
    """
    with (project_dir / "pyproject.toml").open("rb") as file:
        given = tomllib.load(file).get("tool", {}).get("fluxa", {}).get("schema-compatibility", "backward")
    by_type = given if isinstance(given, dict) else {"default": given}
    for name, mode in by_type.items():
        if mode not in get_args(Mode):
            raise OperatorError(f"{_SETTING}: {name} is {mode!r}; it must be one of {', '.join(get_args(Mode))}.")
    return _Modes({"default": "backward", **by_type})


@dataclass(frozen=True)
class _Modes:
    by_type: Mapping[str, Mode]

    def __call__(self, event_type: str) -> Mode:
        return self.by_type.get(event_type, self.by_type["default"])


def published_ref(project_dir: Path) -> str | None:
    """Return the first of `MAIN` that exists; None without one, or without git."""
    return next(
        (ref for ref in MAIN if _git(project_dir, "rev-parse", "--verify", "--quiet", f"{ref}^{{commit}}")), None
    )


def _names(project_dir: Path) -> tuple[Mapping[SchemaName, Path], Mapping[SchemaName, Path]]:
    """Return the schemas and the upcasters."""
    try:
        return schema_files(project_dir), upcaster_files(project_dir)
    except BundleError as error:
        raise OperatorError(str(error)) from error


def _read(project_dir: Path) -> tuple[dict[SchemaName, Any], list[Finding]]:
    schemas, findings = {}, []
    for name, file in _names(project_dir)[0].items():
        try:
            schemas[name] = read_schema(file.read_bytes(), name.path)
        except BundleError as error:
            findings.append(Finding(path=name.path, place="", rule="invalid", message=str(error)))
    return schemas, findings


@dataclass(frozen=True, kw_only=True)
class _Published:
    schemas: Mapping[SchemaName, bytes]
    upcasters: frozenset[SchemaName]


def _published(project_dir: Path, ref: str) -> _Published:
    # The project may be a folder of a larger repository: `./` is this folder, and so are the names listed.
    listed = _git(project_dir, "ls-tree", "-r", "-z", "--name-only", ref, "--", f"{SCHEMAS_FOLDER}/")
    if listed is None:
        raise OperatorError(f"git knows no commit {ref!r} here: fetch it, or name another with --against.")
    paths = list(filter(None, listed.decode().split("\0")))
    names = {}
    for path in paths:
        try:
            names[schema_name(path)] = path
        except BundleError:
            continue
    return _Published(
        schemas={name: _git(project_dir, "cat-file", "blob", f"{ref}:./{path}") or b"" for name, path in names.items()},
        upcasters=frozenset(name for name in names if name.upcaster_path in paths),
    )


def _before(names: Collection[SchemaName]) -> dict[SchemaName, SchemaName]:
    """Return each version that has one before it → that one."""
    before = {name: _previous(name, names) for name in names}
    return {name: previous for name, previous in before.items() if previous is not None}


def _previous(name: SchemaName, names: Collection[SchemaName]) -> SchemaName | None:
    older = [one for one in names if one.type == name.type and one.rank < name.rank]
    return max(older, key=lambda one: one.rank, default=None)


def _readable(text: bytes, path: str) -> Any:
    """Return a published schema, or None: one that was not valid was never bundled, so nobody relies on it."""
    try:
        return read_schema(text, path)
    except BundleError:
        return None


def _inserted(
    bridges: Collection[SchemaName], before: Mapping[SchemaName, SchemaName], published: "_Published"
) -> Iterator[Finding]:
    """Refuse a version that comes between a published upcaster and the version it was written for."""
    for name in bridges:
        new = before[name]
        if new not in published.schemas:
            message = f"comes before {name.upcaster_path}, which was written for the version before this one"
            yield Finding(path=new.path, place="", rule="version_inserted", message=message, against=name.upcaster_path)


def _unbridged(name: SchemaName, old: Any, new: Any, ref: str) -> Iterator[Finding]:
    if any(issues_between(old, new)):
        message = "removed, and events of the version before are read through it"
        yield Finding(path=name.upcaster_path, place="", rule="upcaster_removed", message=message, against=ref)


def _compared(name: SchemaName, old: Any, new: Any, mode: Mode, against: str) -> Iterator[Finding]:
    if old is None:
        return
    found: list[tuple[Issue, str]] = []
    if mode in {"backward", "full"}:
        found += [(issue, "") for issue in issues_between(old, new)]
    if mode in {"forward", "full"}:
        found += [(issue, "read the other way round: ") for issue in issues_between(new, old)]
    for issue, prefix in dict.fromkeys(found):
        yield Finding(
            path=name.path,
            place=pointed(issue.place),
            rule=issue.rule,
            message=f"{prefix}{issue.message}",
            against=against,
        )


def _git(project_dir: Path, *arguments: str) -> bytes | None:
    """Return what git prints, or None when it refuses or is not there."""
    git = shutil.which("git")
    if git is None:
        return None
    done = subprocess.run((git, *arguments), cwd=project_dir, capture_output=True, check=False)
    return done.stdout if done.returncode == 0 else None
