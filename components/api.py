"""PublicApi: the REST API, built from `openapi.yaml`; it goes live again whenever what the gateway does changes."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pulumi
from pulumi_aws import apigateway, lambda_

from components.access_logs import AccessLogs, AccessLogsArgs
from components.api_access import create_key
from components.custom_domain import CustomDomain, CustomDomainArgs
from components.function_unit import FunctionUnit
from components.openapi_body import operation_paths, render_body
from components.platform import StackPlatform
from components.settings import ApiSettings
from components.web_acl import WebAcl, WebAclArgs

STAGE_NAME = "v1"
"""First part of every URL's path: the version of the contract, not of the software."""

_API_GATEWAY_PRINCIPAL = "apigateway.amazonaws.com"
_EVERY_METHOD = "*/*"


@dataclass(frozen=True, kw_only=True)
class PublicApiArgs:
    """What the API depends on."""

    settings: ApiSettings
    platform: StackPlatform
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
    """A regional REST API with one stage. By `api.auth`, callers have a key, sign their requests, or are anybody."""

    url: pulumi.Output[str]
    """Base URL, without a slash at its end."""
    key: pulumi.Output[str] | None
    """The API key, a secret, where callers need one. It meters; who may hold it is yours to decide."""
    domain_target: pulumi.Output[str] | None
    """What a name of your own has to point to, where there is one."""
    api_name: pulumi.Output[str]
    stage_name: str
    """With `api_name`, the dimensions of its metrics."""

    def __init__(self, name: str, args: PublicApiArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("fluxa:api:PublicApi", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        body = _body(args)
        self._api = apigateway.RestApi(
            f"{name}-rest",
            description=f"Fluxa, stack {args.platform.naming.stack}",
            body=body,
            endpoint_configuration={"types": "REGIONAL"},
            # With a name of its own there is one way in: the other would pass the certificate and whoever watches it.
            disable_execute_api_endpoint=args.settings.domain_name is not None,
            # No minimum_compression_size: with it the gateway inflates requests but keeps their Content-Encoding,
            # so that the function could not tell what it is given.
            opts=child,
        )
        deployment = apigateway.Deployment(
            f"{name}-deployment",
            rest_api=self._api.id,
            # A deployment is a snapshot: without this no later change of the document would reach a client.
            triggers={"body": body.apply(_digest), **_switches(args.settings)},
            # What goes live calls functions that may be called already.
            opts=pulumi.ResourceOptions(parent=self, depends_on=self._let_it_call(name, args, child)),
        )
        self._stage = self._create_stage(name, args, deployment)
        self._limit(name, args.settings, child)
        self.key = create_key(name, args.settings, self._stage, child) if args.settings.auth == "api_key" else None
        if args.settings.waf:
            acl = WebAclArgs(
                platform=args.platform,
                stage_arn=self._stage.arn,
                requests_per_5_minutes=args.settings.waf_requests_per_5_minutes,
            )
            WebAcl(f"{name}-waf", acl, child)
        domain = self._name_it(name, args.settings, child)
        self.url = domain.url if domain else self._stage.invoke_url.apply(lambda url: url.rstrip("/"))
        self.domain_target = domain.target if domain else None
        self.api_name, self.stage_name = self._api.name, STAGE_NAME
        self.register_outputs(
            {
                "url": self.url,
                "key": self.key,
                "domain_target": self.domain_target,
                "api_name": self.api_name,
                "stage_name": self.stage_name,
            }
        )

    def _create_stage(self, name: str, args: PublicApiArgs, deployment: apigateway.Deployment) -> apigateway.Stage:
        logs = None
        if args.settings.access_logs:
            logs = AccessLogs(
                f"{name}-logs",
                AccessLogsArgs(
                    naming=args.platform.naming,
                    api_id=self._api.id,
                    stage_name=STAGE_NAME,
                    logs=args.platform.logs,
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
            xray_tracing_enabled=args.platform.tracing,
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

    def _name_it(self, name: str, settings: ApiSettings, opts: pulumi.ResourceOptions) -> CustomDomain | None:
        if settings.domain_name is None or settings.certificate_arn is None:
            return None
        domain = CustomDomainArgs(
            domain_name=settings.domain_name,
            certificate_arn=settings.certificate_arn,
            hosted_zone_id=settings.hosted_zone_id,
            stage=self._stage,
            base_path=STAGE_NAME,
        )
        return CustomDomain(f"{name}-domain", domain, opts)

    def _let_it_call(self, name: str, args: PublicApiArgs, opts: pulumi.ResourceOptions) -> list[lambda_.Permission]:
        """Permit exactly the calls of the document: one method and path to the alias of one function."""
        return [
            lambda_.Permission(
                f"{name}-{operation}-permission",
                action="lambda:InvokeFunction",
                function=args.operations[operation].name,
                qualifier=args.operations[operation].qualifier,
                principal=_API_GATEWAY_PRINCIPAL,
                source_arn=pulumi.Output.concat(
                    self._api.execution_arn, "/", STAGE_NAME, "/", method, _without_parameters(path)
                ),
                opts=opts,
            )
            for operation, (method, path) in operation_paths(args.document).items()
        ]


def _body(args: PublicApiArgs) -> pulumi.Output[str]:
    arns = {operation: function.invoke_arn for operation, function in args.operations.items()}
    return pulumi.Output.all(**arns).apply(
        lambda resolved: render_body(args.document, resolved, auth=args.settings.auth)
    )


def _switches(settings: ApiSettings) -> dict[str, str]:
    """Return what needs a new deployment without being in the document."""
    # https://docs.aws.amazon.com/apigateway/latest/developerguide/rest-api-disable-default-endpoint.html
    return {} if settings.domain_name is None else {"default_endpoint": "off"}


def _digest(body: str) -> str:
    return hashlib.sha256(body.encode()).hexdigest()


def _without_parameters(path: str) -> str:
    return "/".join("*" if part.startswith("{") else part for part in path.split("/"))
