"""CustomDomain: the API under a name of its owner's, and the only one it then answers to."""

from dataclasses import dataclass

import pulumi
from pulumi_aws import apigateway, route53


@dataclass(frozen=True, kw_only=True)
class CustomDomainArgs:
    """What the name depends on."""

    domain_name: str
    certificate_arn: str
    hosted_zone_id: str | None
    """Where to enter the name; none when somebody else keeps it."""
    stage: apigateway.Stage
    base_path: str
    """First part of every path. The stage's own name keeps URLs as they are without a domain, but for the host."""


class CustomDomain(pulumi.ComponentResource):
    """A regional domain name with TLS 1.2 or later, and the path of it that leads to one stage."""

    url: pulumi.Output[str]
    target: pulumi.Output[str]
    """What the name has to be an alias or CNAME of."""

    def __init__(self, name: str, args: CustomDomainArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("fluxa:custom_domain:CustomDomain", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        domain = apigateway.DomainName(
            f"{name}-name",
            domain_name=args.domain_name,
            regional_certificate_arn=args.certificate_arn,
            endpoint_configuration={"types": "REGIONAL"},
            security_policy="TLS_1_2",
            opts=child,
        )
        mapping = apigateway.BasePathMapping(
            f"{name}-mapping",
            domain_name=domain.domain_name,
            rest_api=args.stage.rest_api,
            stage_name=args.stage.stage_name,
            base_path=args.base_path,
            opts=child,
        )
        if args.hosted_zone_id is not None:
            route53.Record(
                f"{name}-record",
                zone_id=args.hosted_zone_id,
                name=args.domain_name,
                type="A",
                aliases=[
                    {
                        "name": domain.regional_domain_name,
                        "zone_id": domain.regional_zone_id,
                        # There is one region to answer from: unhealthy or not, nobody else could.
                        "evaluate_target_health": False,
                    }
                ],
                opts=child,
            )
        self.url = pulumi.Output.concat("https://", mapping.domain_name, "/", args.base_path)
        self.target = domain.regional_domain_name
        self.register_outputs({"url": self.url, "target": self.target})
