"""How long logs are kept, and under which key: the same for everything in a stack that writes any."""

from dataclasses import dataclass

import pulumi
from pulumi_aws import cloudwatch


@dataclass(frozen=True, kw_only=True)
class LogKeeping:
    """What every log group of a stack has in common."""

    retention_days: int
    key_arn: pulumi.Output[str] | None = None
    """The stack's key, or CloudWatch's own when none."""

    def group(self, name: str, log_group_name: pulumi.Input[str], opts: pulumi.ResourceOptions) -> cloudwatch.LogGroup:
        """Create a log group. Made before its writer, which would make one that keeps everything for ever."""
        return cloudwatch.LogGroup(
            name, name=log_group_name, retention_in_days=self.retention_days, kms_key_id=self.key_arn, opts=opts
        )
