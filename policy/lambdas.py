"""Functions and what feeds them."""

import re
from collections.abc import Iterator

from policy.model import Resource, Stack
from policy.rule import Rule
from policy.tokens import FEED, FUNCTION, FUNCTION_ALIAS, LOG_GROUP, PERMISSION, PROVISIONED

SUPPORTED_RUNTIMES = frozenset({"python3.11", "python3.12", "python3.13", "python3.14"})
"""https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html"""

_SECRET_NAME = re.compile(r"(^|_)(PASSWORD|SECRET|TOKEN|CREDENTIALS?|KEY)$")
_REFERENCE = re.compile(r"^(arn:|/)")
_SECRET_VALUE = re.compile(r"AKIA[0-9A-Z]{16}|-----BEGIN|://[^/\s:@]+:[^/\s@]+@")
_FEWEST_CONCURRENT = 2


def _reports_single_failures(feed: Resource, _: Stack) -> Iterator[str]:
    if "ReportBatchItemFailures" not in feed.value("functionResponseTypes", ()):
        yield "has a whole batch retried for one message: set functionResponseTypes to ReportBatchItemFailures"


def _is_bounded(feed: Resource, _: Stack) -> Iterator[str]:
    if feed.value("scalingConfig.maximumConcurrency", 0) < _FEWEST_CONCURRENT:
        yield "scales until the account's limit: set scalingConfig.maximumConcurrency (at least 2)"


def _writes_to_a_log_group_of_the_stack(function: Resource, stack: Stack) -> Iterator[str]:
    if not function.inputs.get("loggingConfig"):
        yield "makes its own log group, which keeps everything for ever: set loggingConfig.logGroup"
        return
    groups = stack.behind(function, "loggingConfig", LOG_GROUP)
    if not groups:
        groups = [item for item in stack.of_type(LOG_GROUP) if item.urn in function.dependencies]
    if not groups:
        yield "may write before its log group exists, and then makes one: take loggingConfig.logGroup from a LogGroup"


def _runs_what_aws_maintains(function: Resource, _: Stack) -> Iterator[str]:
    runtime = function.value("runtime")
    if runtime not in SUPPORTED_RUNTIMES:
        yield f"runs on {runtime}, which AWS does not maintain: choose one of {', '.join(sorted(SUPPORTED_RUNTIMES))}"


def _keeps_secrets_out_of_the_environment(function: Resource, _: Stack) -> Iterator[str]:
    for name, value in function.entries("environment.variables"):
        looks_secret = bool(_SECRET_VALUE.search(str(value)))
        if looks_secret or (_SECRET_NAME.search(name) and not _REFERENCE.match(str(value))):
            yield f"may hold a secret in {name}, in plain sight of who can read it: pass a name or ARN, read at start"


def _is_warm_behind_an_alias(config: Resource, stack: Stack) -> Iterator[str]:
    aliases = stack.behind(config, "qualifier", FUNCTION_ALIAS)
    if not aliases:
        yield "keeps warm what no caller names: take qualifier from an Alias"
    for alias in aliases:
        for function in stack.behind(alias, "functionName", FUNCTION):
            if not function.value("publish", default=False):
                yield f"keeps warm an old version of {function.name}: set publish to true"


def _is_bound_to_a_source(permission: Resource, _: Stack) -> Iterator[str]:
    if not permission.value("sourceArn") and not permission.value("sourceAccount"):
        yield "lets anybody's resources of that service call the function: set sourceArn"


def _frees_its_security_groups(function: Resource, _: Stack) -> Iterator[str]:
    if function.inputs.get("vpcConfig") and not function.value("replaceSecurityGroupsOnDestroy", default=False):
        yield "holds its security groups for up to 45 min after destruction: set replaceSecurityGroupsOnDestroy"


RULES = (
    Rule(
        id="feed-reports-single-failures",
        title="A feed retries single messages, not batches",
        why="One bad message would have its whole batch delivered again, until all are dead-lettered.",
        types=frozenset({FEED}),
        check=_reports_single_failures,
    ),
    Rule(
        id="feed-is-bounded",
        title="A feed has a maximum concurrency",
        why="The database behind the function does not scale with the queue.",
        types=frozenset({FEED}),
        check=_is_bounded,
    ),
    Rule(
        id="function-log-group-first",
        title="A function's log group is made before it, by the stack",
        why="A group that Lambda makes has no retention, and collides with the stack's.",
        types=frozenset({FUNCTION}),
        check=_writes_to_a_log_group_of_the_stack,
    ),
    Rule(
        id="function-runtime",
        title="Functions run on a runtime that AWS maintains",
        why="Others get no security updates, and one day cannot be deployed.",
        types=frozenset({FUNCTION}),
        check=_runs_what_aws_maintains,
    ),
    Rule(
        id="function-environment-without-secrets",
        title="No function has a secret in its environment",
        why="An environment is shown to everybody who may describe the function.",
        types=frozenset({FUNCTION}),
        check=_keeps_secrets_out_of_the_environment,
    ),
    Rule(
        id="function-releases-security-groups",
        title="A function inside a network lets go of its security groups",
        why="Lambda's interfaces keep them, and so the network, from being destroyed.",
        types=frozenset({FUNCTION}),
        check=_frees_its_security_groups,
    ),
    Rule(
        id="provisioned-behind-alias",
        title="Provisioned concurrency is an alias's",
        why="Warm environments of a version that nobody calls only cost money.",
        types=frozenset({PROVISIONED}),
        check=_is_warm_behind_an_alias,
    ),
    Rule(
        id="permission-names-its-source",
        title="A permission to invoke names who may use it",
        why="A service acts for every AWS account unless it is told for whom.",
        types=frozenset({PERMISSION}),
        check=_is_bound_to_a_source,
    ),
)
