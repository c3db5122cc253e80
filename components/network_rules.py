"""Security group rules: one connection that may be made, written down on both sides and described."""

import pulumi
from pulumi_aws import ec2, vpc


def allow(
    name: str,
    what: str,
    port: int,
    *,
    source: ec2.SecurityGroup,
    target: ec2.SecurityGroup | pulumi.Output[str],
    opts: pulumi.ResourceOptions,
) -> None:
    """Let members of one group connect to another's, or to the addresses of a prefix list, on one TCP port.

    Args:
        name: Prefix of the rules' logical names.
        what: What is reached, for the descriptions.
        port: The TCP port.
        source: Who connects.
        target: Who is connected to. A prefix list's id has no incoming side.
        opts: Options of the rules.
    """
    if isinstance(target, ec2.SecurityGroup):
        vpc.SecurityGroupIngressRule(
            f"{name}-in",
            security_group_id=target.id,
            referenced_security_group_id=source.id,
            ip_protocol="tcp",
            from_port=port,
            to_port=port,
            description=f"{what} from the functions",
            opts=opts,
        )
    vpc.SecurityGroupEgressRule(
        f"{name}-out",
        security_group_id=source.id,
        referenced_security_group_id=target.id if isinstance(target, ec2.SecurityGroup) else None,
        prefix_list_id=None if isinstance(target, ec2.SecurityGroup) else target,
        ip_protocol="tcp",
        from_port=port,
        to_port=port,
        description=f"{what} for the functions",
        opts=opts,
    )
