"""Security groups and their rules: one connection that may be made, written down on both sides and described."""

import pulumi
from pulumi_aws import ec2, vpc

HTTPS_PORT = 443
ANYWHERE = "0.0.0.0/0"

_FUNCTIONS = "the functions"


def create_group(
    name: str, description: str, vpc_id: pulumi.Input[str], opts: pulumi.ResourceOptions
) -> ec2.SecurityGroup:
    """Make a group that nothing may enter or leave yet."""
    return ec2.SecurityGroup(f"{name}-group", vpc_id=vpc_id, description=description, opts=opts)


def allow(
    name: str,
    what: str,
    port: int,
    *,
    source: ec2.SecurityGroup,
    target: ec2.SecurityGroup | pulumi.Output[str],
    opts: pulumi.ResourceOptions,
    who: str = _FUNCTIONS,
) -> None:
    """Let members of one group connect to another's, or to the addresses of a prefix list, on one TCP port.

    Args:
        name: Prefix of the rules' logical names.
        what: What is reached, for the descriptions.
        port: The TCP port.
        source: Who connects.
        target: Who is connected to. A prefix list's id has no incoming side.
        opts: Options of the rules.
        who: Who connects, for the descriptions.
    """
    if isinstance(target, ec2.SecurityGroup):
        vpc.SecurityGroupIngressRule(
            f"{name}-in",
            security_group_id=target.id,
            referenced_security_group_id=source.id,
            ip_protocol="tcp",
            from_port=port,
            to_port=port,
            description=f"{what} from {who}",
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
        description=f"{what} for {who}",
        opts=opts,
    )


def allow_https_out(name: str, *, source: ec2.SecurityGroup, opts: pulumi.ResourceOptions) -> None:
    """Let members of a group call anything on the internet by HTTPS, and by nothing else."""
    vpc.SecurityGroupEgressRule(
        f"{name}-out",
        security_group_id=source.id,
        cidr_ipv4=ANYWHERE,
        ip_protocol="tcp",
        from_port=HTTPS_PORT,
        to_port=HTTPS_PORT,
        description="HTTPS to AWS and to whatever handlers call: their addresses change and cannot be listed",
        opts=opts,
    )


def allow_from_addresses(
    name: str, what: str, port: int, *, cidr: str, target: ec2.SecurityGroup, opts: pulumi.ResourceOptions
) -> None:
    """Let the addresses of one network connect to members of a group, on one TCP port."""
    vpc.SecurityGroupIngressRule(
        # Named by the addresses: taking one network off the list leaves the other rules alone.
        f"{name}-from-{cidr.replace('/', '-')}",
        security_group_id=target.id,
        cidr_ipv4=cidr,
        ip_protocol="tcp",
        from_port=port,
        to_port=port,
        description=f"{what} from {cidr}",
        opts=opts,
    )
