"""API Gateway's custom domains: records, because the platform is called by the address of its stage."""

from fluxa.local.engine import Created
from fluxa.local.provider.registry import resource
from fluxa.local.provider.request import Request, existing


@resource(
    "aws:apigateway/domainName:DomainName",
    ignored={
        "endpointAccessMode": "the emulator has one endpoint",
        "routingMode": "no request comes by this name",
    },
)
def domain_name(request: Request) -> Created:
    """Record a name for an API."""
    client = request.client("apigateway")
    name = request.inputs.require("domainName")
    types = request.inputs.section("endpointConfiguration").get("types")
    definition = {
        "domainName": name,
        "tags": request.tags(),
        **request.inputs.renamed(
            {
                "certificateArn": "certificateArn",
                "policy": "policy",
                "regionalCertificateArn": "regionalCertificateArn",
                "securityPolicy": "securityPolicy",
            }
        ),
        **({"endpointConfiguration": {"types": [types] if isinstance(types, str) else types}} if types else {}),
    }
    existing(lambda: client.create_domain_name(**definition), "ConflictException", "BadRequestException")
    made = client.get_domain_name(domainName=name)
    return Created(
        id=name,
        outputs={
            "arn": request.arn("apigateway", f"/domainnames/{name}", with_account=False),
            "cloudfrontDomainName": made["distributionDomainName"],
            "cloudfrontZoneId": made["distributionHostedZoneId"],
            "regionalDomainName": made["regionalDomainName"],
            "regionalZoneId": made["regionalHostedZoneId"],
            "tagsAll": request.tags(),
        },
    )


@resource("aws:apigateway/basePathMapping:BasePathMapping")
def base_path_mapping(request: Request) -> Created:
    """Record which API answers below a name."""
    client = request.client("apigateway")
    name, path = request.inputs.require("domainName"), request.inputs.get("basePath") or "(none)"
    definition = {
        "domainName": name,
        "basePath": path,
        **request.inputs.renamed({"restApi": "restApiId", "stageName": "stage"}),
    }
    existing(lambda: client.create_base_path_mapping(**definition), "ConflictException", "BadRequestException")
    return Created(id=f"{name}/{path}")
