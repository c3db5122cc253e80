"""Names that Pulumi makes fit AWS's limits in the stack with the longest name."""

import pytest
import yaml

from components.naming import Naming
from tests.support.stack_builders import REPOSITORY
from tests.support.whole_stack import STACKS, recorded

LONGEST_STACK = "s" * 24

LIMITS = {
    # https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
    "aws:s3/bucket:Bucket": 63,
    # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
    "aws:iam/role:Role": 64,
    "aws:iam/rolePolicy:RolePolicy": 128,
    # https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-quotas.html
    "aws:sqs/queue:Queue": 80,
    "aws:scheduler/schedule:Schedule": 64,
    "aws:rds/proxy:Proxy": 63,
}
"""What AWS takes, by type."""


def made_name(logical: str) -> str:
    """Return the name that Pulumi makes, by the pattern in Pulumi.yaml."""
    project = yaml.safe_load((REPOSITORY / "Pulumi.yaml").read_text(encoding="utf-8"))
    pattern = project["config"]["pulumi:autonaming"]["value"]["pattern"]
    assert "${project}-${stack}-${name}-${hex(6)}" == pattern
    return f"{project['name']}-{LONGEST_STACK}-{logical}-abcdef"


def test_no_stack_has_a_longer_name():
    Naming(project="fluxa", stack=LONGEST_STACK)

    with pytest.raises(ValueError, match=r"1 to 24 lower-case letters"):
        Naming(project="fluxa", stack=f"{LONGEST_STACK}s")


@pytest.mark.parametrize("stack", STACKS)
@pytest.mark.parametrize("type_", LIMITS)
def test_no_name_that_pulumi_makes_is_longer_than_aws_takes(type_, stack):
    named = [item.name for item in recorded(stack).of_type(type_) if not {"name", "bucket"} & set(item.inputs)]

    assert [] == [name for name in named if len(made_name(name)) > LIMITS[type_]]
