"""A schema registry in a folder of a test's own, with upcasters in it."""

import json
from pathlib import Path
from textwrap import dedent

from functions.common.upcasting import Upcasters

EURO = "def upcast(payload):\n    payload['cents'] = round(payload.pop('euro') * 100)\n    return payload\n"
"""From `{"euro": 1.5}` to `{"cents": 150}`."""

WRAP = "def upcast(payload):\n    return {'total': payload}\n"
"""From anything to the same as a member."""


def write_registry(folder: Path, event_type: str = "order.created", /, **versions: str | None) -> Upcasters:
    """Write versions of a type, `v1=None` without an upcaster and `v2="def upcast…"` with one; return the upcasters."""
    below = folder / "schemas" / event_type
    below.mkdir(parents=True, exist_ok=True)
    for name, text in versions.items():
        version = name.removeprefix("v").replace("_", ".")
        (below / f"{version}.json").write_text(json.dumps({"type": "object"}), encoding="utf-8")
        if text is not None:
            (below / f"{version}.py").write_text(dedent(text), encoding="utf-8")
    return Upcasters(folder / "schemas")
