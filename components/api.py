"""PublicApi: the REST API, built from `openapi.yaml`; it goes live again whenever what the gateway does changes."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pulumi
from pulumi_aws import apigateway, lambda_

from components.access_logs import AccessLogs, AccessLogsArgs
from components.function_unit import FunctionPlatform, FunctionUnit
from components.openapi_body import operation_paths, render_body
from components.settings import ApiSettings

STAGE_NAME = "v1"
"""First part of every URL's path: the version of the contract, not of the software."""


_API_GATEWAY_PRINCIPAL = "apigateway.amazonaws.com"
_EVERY_METHOD = "*/*"


@dataclass(frozen=True, kw_only=True)
class PublicApiArgs:
    """What the API depends on."""

    settings: ApiSettings
    platform: FunctionPlatform
    document: Mapping[str, Any]
    """`openapi.yaml`, read."""
    operations: Mapping[str, FunctionUnit]
    """Operation id → the function that answers it; exactly the document's."""

    def __post_init__(self) -> None:
        documented = set(operation_paths(self.document))
        if documented != set(self.operations):
            raise ValueError(
                f"the document has the operations {sorted(documented)}, the functions answer {sorted(self.operations)}"
            )


class PublicApi(pulumi.ComponentResource):
    """A regional REST API with one key, its usage plan, and nothing that can be called without a key."""

    url: pulumi.Output[str]
    """Base URL, without a slash at its end."""
    key: pulumi.Output[str]
    """The API key, a secret. It meters; who may hold it is yours to decide."""

    def __init__(self, name: str, args: PublicApiArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("fluxa:api:PublicApi", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        body = _body(args)
        self._api = apigateway.RestApi(
            f"{name}-rest",
            description=f"Fluxa, stack {args.platform.naming.stack}",
            body=body,
            endpoint_configuration={"types": "REGIONAL"},
            # No minimum_compression_size: with it the gateway inflates requests but keeps their Content-Encoding,
            # so that the function could not tell what it is given.
            opts=child,
        )
        deployment = apigateway.Deployment(
            f"{name}-deployment",
            rest_api=self._api.id,
            # A deployment is a snapshot: without this no later change of the document would reach a client.
            triggers={"body": body.apply(_digest)},
            opts=child,
        )
        self._stage = self._create_stage(name, args, deployment)
        self._limit(name, args.settings, child)
        self.key = self._create_key(name, args.settings, child)
        self._let_it_call(name, args, child)
        self.url = self._stage.invoke_url.apply(lambda url: url.rstrip("/"))
        self.register_outputs({"url": self.url, "key": self.key})

    def _create_stage(self, name: str, args: PublicApiArgs, deployment: apigateway.Deployment) -> apigateway.Stage:
        logs = None
        if args.settings.access_logs:
            logs = AccessLogs(
                f"{name}-logs",
                AccessLogsArgs(
                    naming=args.platform.naming,
                    api_id=self._api.id,
                    stage_name=STAGE_NAME,
                    retention_days=args.platform.log_retention_days,
                    manage_role=args.settings.manage_logging_role,
                ),
                pulumi.ResourceOptions(parent=self),
            )
        return apigateway.Stage(
            f"{name}-stage",
            rest_api=self._api.id,
            deployment=deployment.id,
            stage_name=STAGE_NAME,
            access_log_settings=logs.stage_settings() if logs else None,
            opts=pulumi.ResourceOptions(parent=self, depends_on=[logs] if logs else []),
        )

    def _limit(self, name: str, settings: ApiSettings, opts: pulumi.ResourceOptions) -> None:
        apigateway.MethodSettings(
            f"{name}-methods",
            rest_api=self._api.id,
            stage_name=self._stage.stage_name,
            method_path=_EVERY_METHOD,
            settings={
                "throttling_rate_limit": float(settings.throttle_rate_per_second),
                "throttling_burst_limit": settings.throttle_burst,
                "metrics_enabled": True,
                "logging_level": "ERROR" if settings.access_logs else "OFF",
                # It would write whole events to the log.
                "data_trace_enabled": False,
            },
            opts=opts,
        )

    def _create_key(self, name: str, settings: ApiSettings, opts: pulumi.ResourceOptions) -> pulumi.Output[str]:
        key = apigateway.ApiKey(f"{name}-key", description="Fluxa's first client", opts=opts)
        plan = apigateway.UsagePlan(
            f"{name}-plan",
            api_stages=[{"api_id": self._api.id, "stage": self._stage.stage_name}],
            throttle_settings={
                "rate_limit": float(settings.throttle_rate_per_second),
                "burst_limit": settings.throttle_burst,
            },
            quota_settings=None
            if settings.quota_per_day is None
            else {"limit": settings.quota_per_day, "period": "DAY"},
            opts=opts,
        )
        apigateway.UsagePlanKey(f"{name}-plan-key", key_id=key.id, key_type="API_KEY", usage_plan_id=plan.id, opts=opts)
        return pulumi.Output.secret(key.value)

    def _let_it_call(self, name: str, args: PublicApiArgs, opts: pulumi.ResourceOptions) -> None:
        """Permit exactly the calls of the document: one method and path to one function."""
        for operation, (method, path) in operation_paths(args.document).items():
            lambda_.Permission(
                f"{name}-{operation}-permission",
                action="lambda:InvokeFunction",
                function=args.operations[operation].name,
                principal=_API_GATEWAY_PRINCIPAL,
                source_arn=pulumi.Output.concat(
                    self._api.execution_arn, "/", STAGE_NAME, "/", method, _without_parameters(path)
                ),
                opts=opts,
            )


def _body(args: PublicApiArgs) -> pulumi.Output[str]:
    arns = {operation: function.invoke_arn for operation, function in args.operations.items()}
    return pulumi.Output.all(**arns).apply(lambda resolved: render_body(args.document, resolved))


def _digest(body: str) -> str:
    return hashlib.sha256(body.encode()).hexdigest()


def _without_parameters(path: str) -> str:
    return "/".join("*" if part.startswith("{") else part for part in path.split("/"))
