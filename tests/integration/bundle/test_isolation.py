import json
import platform
import subprocess
import sys
import zipfile

import pytest

from components.bundle import FUNCTIONS

# Audit events tell of every compilation; generated code, such as a dataclass's methods, has no file.
PROBE = """
import json, os, sys
root, function = sys.argv[1:]
compiled = []
def watch(event, args):
    if event == "compile" and str(args[1]).endswith(".py"):
        compiled.append(os.fsdecode(args[1]))
sys.addaudithook(watch)
sys.path.insert(0, root)
__import__(f"functions.{function}.handler")
if function == "processor":
    import handlers
import boto3
for service in ("s3", "sqs") if function == "ingest" else ("secretsmanager", "ssm"):
    boto3.client(service, region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="b")
if function != "ingest":
    from functions.adapters.aws_clients import PUBLIC_AUTHORITIES
    from functions.adapters.iam_token import IamToken
    os.environ.update(AWS_ACCESS_KEY_ID="a", AWS_SECRET_ACCESS_KEY="b", AWS_DEFAULT_REGION="us-east-1")
    assert PUBLIC_AUTHORITIES.is_file() and IamToken(host="db.internal", port=5432, user="fluxa")()
if function == "maintenance":
    import alembic.command, psycopg, sqlalchemy
    sqlalchemy.create_engine("postgresql+psycopg://")
files = [file for module in list(sys.modules.values()) if (file := getattr(module, "__file__", None))]
foreign = [file for file in files if not file.startswith((root, sys.base_prefix))]
print(json.dumps({"compiled": compiled, "foreign": foreign, "bundled": sum(file.startswith(root) for file in files)}))
"""


# What Lambda gets is trimmed harder than what runs here, so it is tried as well, where this machine is like Lambda's.
LAMBDA_LIKE_THIS_MACHINE = {
    ("Linux", "x86_64", "glibc"): ["x86_64"],
    ("Linux", "aarch64", "glibc"): ["arm64"],
}.get((platform.system(), platform.machine(), platform.libc_ver()[0]), [])


@pytest.mark.parametrize("architecture", ["host", *LAMBDA_LIKE_THIS_MACHINE])
@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_bundle_is_all_its_function_needs_and_compiles_nothing(bundles, tmp_path, architecture, function):
    with zipfile.ZipFile(bundles(architecture)[function]) as archive:
        archive.extractall(tmp_path)

    # -S leaves out site-packages, -I this folder and PYTHONPATH, `env={}` everything that a shell may set.
    done = subprocess.run(
        (sys.executable, "-I", "-S", "-c", PROBE, str(tmp_path), function),
        env={},
        capture_output=True,
        text=True,
        check=False,
    )

    assert "" == done.stderr
    seen = json.loads(done.stdout)
    assert ([], []) == (seen["compiled"], seen["foreign"])
    assert seen["bundled"] > 50
