"""`terraform validate` on recorded stacks, where Terraform and an AWS provider are installed; nothing is downloaded."""

import functools
import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

PROVIDER = Path("registry.terraform.io", "hashicorp", "aws")
"""Where a provider lies below a mirror: https://developer.hashicorp.com/terraform/cli/config/config-file"""

NEWER_THAN_5 = (
    "expected max_message_size to be in the range (1024 - 262144)",
    'No argument or block type is named "default_auth_scheme"',
    'At least 1 "auth" blocks are required',
)
"""What version 5 of the provider has not heard of; pulumi_aws 7 is made from version 6."""


def _mirrors() -> Iterator[Path]:
    """Yield the folders where providers are usually put."""
    if os.environ.get("TF_PLUGIN_CACHE_DIR"):
        yield Path(os.environ["TF_PLUGIN_CACHE_DIR"])
    yield Path.home() / ".terraform.d" / "plugins"
    yield from (Path(folder) / "terraform" / "plugins" for folder in ("/usr/local/share", "/usr/share"))
    yield from Path("/opt").glob("*")


@functools.cache
def installed() -> tuple[str, Path] | str:
    """Return Terraform and the mirror with the provider, or the reason why there is no validating."""
    terraform = shutil.which("terraform")
    if terraform is None:
        return "terraform is not installed"
    mirror = next((folder for folder in _mirrors() if (folder / PROVIDER).is_dir()), None)
    if mirror is None:
        return "terraform is installed, but no AWS provider lies in a folder where they are usually put"
    return terraform, mirror


def invalid(configuration: Mapping[str, Any], folder: Path) -> list[str]:
    """Return what Terraform has against a configuration."""
    found = installed()
    assert not isinstance(found, str), found
    terraform, mirror = found
    # Terraform reads only its own mirror and no account's settings.
    rc = folder / "terraform.rc"
    rc.write_text(f'provider_installation {{\n  filesystem_mirror {{ path = "{mirror}" }}\n}}\n', encoding="utf-8")
    (folder / "main.tf.json").write_text(json.dumps(configuration, indent=1), encoding="utf-8")
    environment = {**os.environ, "TF_CLI_CONFIG_FILE": str(rc), "TF_IN_AUTOMATION": "1", "CHECKPOINT_DISABLE": "1"}

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            (terraform, *arguments), cwd=folder, env=environment, capture_output=True, text=True, check=False
        )

    started = run("init", "-backend=false", "-input=false", "-no-color")
    assert 0 == started.returncode, started.stderr
    errors = _told(json.loads(run("validate", "-json").stdout)["diagnostics"])
    lock = (folder / ".terraform.lock.hcl").read_text(encoding="utf-8")
    tolerated = NEWER_THAN_5 if re.search(r'version\s*=\s*"5\.', lock) else ()
    return [error for error in errors if not any(text in error for text in tolerated)]


def _told(diagnostics: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    for item in diagnostics:
        if item["severity"] == "error":
            where = (item.get("snippet") or {}).get("context") or ""
            yield f"{where}: {item['summary']}: {' '.join(item['detail'].split())}"
