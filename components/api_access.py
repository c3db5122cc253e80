"""Who may call the API: with a key, with AWS credentials, or anybody; in API Gateway's terms."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import pulumi
from pulumi_aws import apigateway

from components.settings import ApiSettings

ApiAuth = Literal["api_key", "iam", "none"]

API_KEY_HEADER = "x-api-key"
"""The header API Gateway reads keys from; it has no other."""


@dataclass(frozen=True, kw_only=True)
class AccessRules:
    """What the imported document says of one way of authentication."""

    document: Mapping[str, Any] = field(default_factory=dict)
    """Goes into the document itself."""
    operation: Mapping[str, Any] = field(default_factory=dict)
    """Goes into every operation."""


ACCESS_RULES: Mapping[ApiAuth, AccessRules] = {
    "api_key": AccessRules(
        document={
            "components": {"securitySchemes": {"apiKey": {"type": "apiKey", "name": API_KEY_HEADER, "in": "header"}}},
            "x-amazon-apigateway-api-key-source": "HEADER",
        },
        operation={"security": [{"apiKey": []}]},
    ),
    # https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-swagger-extensions-authtype.html
    "iam": AccessRules(
        document={
            "components": {
                "securitySchemes": {
                    "signature": {
                        "type": "apiKey",
                        "name": "Authorization",
                        "in": "header",
                        "x-amazon-apigateway-authtype": "awsSigv4",
                    }
                }
            }
        },
        operation={"security": [{"signature": []}]},
    ),
    "none": AccessRules(),
}


def create_key(
    name: str, settings: ApiSettings, stage: apigateway.Stage, opts: pulumi.ResourceOptions
) -> pulumi.Output[str]:
    """Make a first key and the plan that meters it, and return the key, a secret."""
    key = apigateway.ApiKey(f"{name}-key", description="Fluxa's first client", opts=opts)
    plan = apigateway.UsagePlan(
        f"{name}-plan",
        api_stages=[{"api_id": stage.rest_api, "stage": stage.stage_name}],
        throttle_settings={
            "rate_limit": float(settings.throttle_rate_per_second),
            "burst_limit": settings.throttle_burst,
        },
        quota_settings=None if settings.quota_per_day is None else {"limit": settings.quota_per_day, "period": "DAY"},
        opts=opts,
    )
    apigateway.UsagePlanKey(f"{name}-plan-key", key_id=key.id, key_type="API_KEY", usage_plan_id=plan.id, opts=opts)
    return pulumi.Output.secret(key.value)
