"""The stacks that proofs are about: stack files as they are written, combinations of toggles, and spoilt ones."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from components.settings import StackSettings, parse_settings
from fluxa.local.engine import Recording
from tests.support import checkov_run
from tests.support.checkov_run import Outcome
from tests.support.shared_work import SharedWork
from tests.support.stack_builders import stack_file
from tests.support.terraform_plan import plan
from tests.support.terraform_resources import TerraformResource, translated
from tests.support.toggles import LEAST_STACKS, combinations, recorded_combination, settings_of
from tests.support.whole_stack import recorded

AS_WRITTEN = ("dev", "local", "pr", "prod")
"""Stack files without anything laid over them."""

NAMES = (*AS_WRITTEN, *(f"combination-{number:02}" for number in range(LEAST_STACKS)))

EVERYTHING = '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}'

SPOILT_INPUTS: Mapping[str, Mapping[str, Any]] = {
    "aws_api_gateway_method_settings": {"settings": [{"data_trace_enabled": True}]},
    "aws_cloudwatch_log_group": {"kms_key_id": None},
    "aws_db_instance": {"storage_encrypted": False, "auto_minor_version_upgrade": False},
    "aws_db_parameter_group": {"parameter": [{"name": "rds.force_ssl", "value": "0"}]},
    "aws_iam_role_policy": {"policy": EVERYTHING},
    "aws_kms_key": {"enable_key_rotation": False},
    "aws_lambda_function": {
        "runtime": "python3.6",
        "environment": [{"variables": {"KEY": "AKIAIOSFODNN7EXAMPLE"}}],
    },
    "aws_s3_bucket_public_access_block": {"block_public_acls": False},
    "aws_sqs_queue": {"sqs_managed_sse_enabled": False, "kms_master_key_id": None},
    "aws_vpc_security_group_ingress_rule": {"cidr_ipv4": "0.0.0.0/0", "from_port": 22, "to_port": 22},
}
"""Type → inputs that spoil it; None takes an input away."""

MISSING = (
    "aws_default_security_group",
    "aws_flow_log",
    "aws_s3_bucket_lifecycle_configuration",
    "aws_s3_bucket_public_access_block",
    "aws_wafv2_web_acl_association",
)
"""Types that are left out: what is wrong then is seen only by following references."""


class Stacks:
    """Recordings by name, each made when it is first asked for."""

    def __init__(self, shared: SharedWork) -> None:
        self._shared = shared

    def __getitem__(self, name: str) -> Recording:
        return self._shared.once(name, lambda: _recorded(name))

    def all(self) -> dict[str, Recording]:
        """Return every stack; what another worker is recording comes last, or both would record by turns."""
        for name in NAMES:
            if not self._shared.is_under_way(name):
                self[name]
        return {name: self[name] for name in NAMES}


def settings(name: str) -> StackSettings:
    """Return the settings of a stack that is not spoilt."""
    if name in AS_WRITTEN:
        sections = {key.removeprefix("fluxa:"): value for key, value in stack_file(name).items() if "fluxa:" in key}
        return parse_settings(sections)
    return settings_of(combinations().rows[_number(name)])


def scanned(recordings: Mapping[str, Recording], folder: Path) -> dict[str, list[Outcome]]:
    """Scan every recorded stack, and production's with faults in it."""
    found = {name: translated(recording) for name, recording in recordings.items()}
    found["spoilt inputs"] = [_spoilt(item) for item in found["prod"]]
    found["missing parts"] = [item for item in found["prod"] if item.type not in MISSING]
    return checkov_run.scan({name: plan(resources) for name, resources in found.items()}, folder)


def _recorded(name: str) -> Recording:
    return recorded(name) if name in AS_WRITTEN else recorded_combination(_number(name))


def _number(name: str) -> int:
    return int(name.removeprefix("combination-"))


def _spoilt(item: TerraformResource) -> TerraformResource:
    values = {**item.values, **SPOILT_INPUTS.get(item.type, {})}
    return replace(item, values={key: value for key, value in values.items() if value is not None})
