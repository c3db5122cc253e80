"""A project of a test's own, with schemas, upcasters, and perhaps a history."""

import json
import os
import subprocess


def toml(value):
    if isinstance(value, str):
        return json.dumps(value)
    return f"{{ {', '.join(f'{json.dumps(name)} = {json.dumps(mode)}' for name, mode in value.items())} }}"


class Project:
    """A project with schemas, and perhaps a history."""

    def __init__(self, folder):
        self.folder = folder
        (folder / "Pulumi.yaml").write_text("")
        self.mode("backward")

    def mode(self, value):
        (self.folder / "pyproject.toml").write_text(f"[tool.fluxa]\nschema-compatibility = {toml(value)}\n")

    def write(self, version, schema, event_type="order.created"):
        file = self.folder / "schemas" / event_type / f"{version}.json"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(schema))
        return file

    def write_upcaster(self, version, text, event_type="order.created"):
        file = self.folder / "schemas" / event_type / f"{version}.py"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        return file

    def commit(self):
        identity = ("-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "commit.gpgsign=false")
        environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
        for command in (("init", "-q", "-b", "main"), ("add", "-A"), (*identity, "commit", "-qm", "x")):
            subprocess.run(("git", *command), cwd=self.folder, env=environment, check=True)
