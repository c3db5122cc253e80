"""The HTTP API."""

from collections.abc import Iterator

from policy.model import Resource, Stack
from policy.rule import Rule
from policy.tokens import API_DEPLOYMENT, API_STAGE, METHOD_SETTINGS, PERMISSION

_STAGE, _METHOD, _PATH = 1, 2, 3


def _logs_no_bodies(settings: Resource, _: Stack) -> Iterator[str]:
    if settings.value("settings.dataTraceEnabled", default=False):
        yield "writes whole requests and answers into logs: set settings.dataTraceEnabled to false"


def _is_made_again_when_the_api_changes(deployment: Resource, _: Stack) -> Iterator[str]:
    if not deployment.inputs.get("triggers"):
        yield "is a snapshot that no change of the API renews: set triggers to a hash of what is deployed"


def _is_throttled(stage: Resource, stack: Stack) -> Iterator[str]:
    for settings in stack.of_type(METHOD_SETTINGS):
        if stage.urn in settings.property_dependencies.get("stageName", ()) and settings.value("methodPath") == "*/*":
            limits = settings.value("settings", default={})
            if min(limits.get("throttlingRateLimit", -1), limits.get("throttlingBurstLimit", -1)) > 0:
                return
    yield "shares the account's 10,000 requests a second: set a throttle for */* in MethodSettings"


def _names_stage_method_and_path(permission: Resource, _: Stack) -> Iterator[str]:
    if permission.value("principal") != "apigateway.amazonaws.com":
        return
    source = str(permission.value("sourceArn", default=""))
    # …:execute-api:region:account:api/stage/METHOD/path
    parts = [*source.split("/", 3), "", "", ""]
    if parts[_STAGE] in {"", "*"} or parts[_METHOD] in {"", "*"} or parts[_PATH] in {"", "*"}:
        yield "lets any stage, method or path call the function: end sourceArn with /stage/METHOD/path"


RULES = (
    Rule(
        id="api-no-data-trace",
        title="API Gateway logs no bodies",
        why="A data trace puts every event's payload into a log.",
        types=frozenset({METHOD_SETTINGS}),
        check=_logs_no_bodies,
    ),
    Rule(
        id="api-deployment-triggers",
        title="A deployment of the API knows what it deploys",
        why="Without triggers a change of the API never reaches its stage.",
        types=frozenset({API_DEPLOYMENT}),
        check=_is_made_again_when_the_api_changes,
    ),
    Rule(
        id="api-stage-throttled",
        title="Every stage of the API has its own throttle",
        why="One client could otherwise use up what the whole account may do.",
        types=frozenset({API_STAGE}),
        check=_is_throttled,
    ),
    Rule(
        id="api-permission-exact",
        title="The API may call a function for one method of one path",
        why="A permission for everything outlives the route it was made for.",
        types=frozenset({PERMISSION}),
        check=_names_stage_method_and_path,
    ),
)
