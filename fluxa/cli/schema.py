"""`fluxa schema`: the schemas of the project's events, and whether a change to one may be published."""

import dataclasses
import json
from pathlib import Path
from typing import Annotated

import typer

from fluxa.cli.plan import find_project
from fluxa.errors import OperatorError

schema = typer.Typer(no_args_is_help=True, rich_markup_mode="markdown")


@schema.command()
def check(
    against: Annotated[
        str | None,
        typer.Option(metavar="REF", help="The commit, branch or tag that is published.", show_default="main"),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the findings as JSON.")] = False,
) -> None:
    """Refuse schemas and upcasters that do not work, and changes that break who relies on them.

    Each file schemas/TYPE/VERSION.json is compared with its published self, a new version with the one before it.
    Compatible is what schema-compatibility in pyproject.toml says: `backward` unless told otherwise, so that a new
    schema accepts everything the old one accepted. What cannot be proven compatible counts as incompatible.
    A new version with an upcaster beside it, schemas/TYPE/VERSION.py, need not accept what the one before accepted.
    The upcaster is loaded, and tried on the `examples` of the version before.

    Exit code 1 when there is a finding. Without a git repository only validity is checked.

    Example: `fluxa schema check --against v1.4.0`
    """
    from fluxa.schemas import registry

    project_dir = find_project(Path.cwd())
    ref = against or registry.published_ref(project_dir)
    findings = registry.check(project_dir, ref)
    if as_json:
        document = {"against": ref, "findings": [dataclasses.asdict(finding) for finding in findings]}
        print(json.dumps(document, indent=2, ensure_ascii=False))
    else:
        for finding in findings:
            print(finding)
        compared = f"compared with {ref}" if ref else "compared with nothing: git knows no main here"
        print(f"{len(findings)} finding{'' if len(findings) == 1 else 's'}, {compared}.")
    if findings:
        raise typer.Exit(1)


@schema.command(name="list")
def list_(as_json: Annotated[bool, typer.Option("--json", help="Print a JSON list.")] = False) -> None:
    """Show every schema, which version an event without a schema_version means, and where an upcaster leads to it."""
    from components.bundling.errors import BundleError
    from components.bundling.schemas import schema_files, upcaster_files

    project_dir = find_project(Path.cwd())
    try:
        names, upcasters = list(schema_files(project_dir)), upcaster_files(project_dir)
    except BundleError as error:
        raise OperatorError(str(error)) from error
    # They come by type and then version, so the last one of a type wins.
    newest = {name.type: name for name in names}
    rows = [
        {"type": name.type, "version": name.version, "newest": newest[name.type] == name, "path": name.path}
        | {"upcaster": name.upcaster_path if name in upcasters else None}
        for name in names
    ]
    if as_json:
        print(json.dumps(rows, indent=2, ensure_ascii=False))
        return
    for row in rows:
        newest_mark = "(newest)" if row["newest"] else None
        shown = (row["type"], row["version"], newest_mark, row["path"], row["upcaster"])
        print("  ".join(str(part) for part in shown if part))
