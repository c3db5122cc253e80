"""The rules as policies of the Pulumi CLI: from its view of resources to ours, and from findings to its reports."""

from collections.abc import Mapping, Sequence
from typing import Any

from pulumi_policy import (
    EnforcementLevel,
    Policy,
    PolicyResource,
    ReportViolation,
    Secret,
    StackValidationArgs,
    StackValidationPolicy,
)
from pulumi_policy.proxy import UnknownValueError

from policy.catalogue import RULES
from policy.model import UNKNOWN, Resource, Stack
from policy.rule import Rule, judge


def policies() -> list[Policy]:
    """Return one policy for each rule; each needs the whole stack, because resources answer for each other."""
    return [_policy(rule) for rule in RULES]


def _policy(rule: Rule) -> StackValidationPolicy:
    def validate(args: StackValidationArgs, report_violation: ReportViolation) -> None:
        for finding in judge(stack_of(args.resources), [rule]).findings:
            report_violation(f"{finding.urn.rpartition('::')[2]} {finding.sentence}.", finding.urn)

    return StackValidationPolicy(
        name=rule.id,
        display_name=rule.title,
        description=f"{rule.title}. {rule.why}",
        validate=validate,
        enforcement_level=EnforcementLevel.MANDATORY,
    )


def stack_of(resources: Sequence[PolicyResource]) -> Stack:
    """Turn the CLI's resources into ours."""
    return Stack([_resource(resource) for resource in resources])


def _resource(resource: PolicyResource) -> Resource:
    return Resource(
        urn=resource.urn,
        type=resource.resource_type,
        name=resource.name,
        inputs=_known(resource.props),
        # Components have types of the form package:module:Type, without the slash of a provider's.
        custom="/" in resource.resource_type or resource.resource_type.startswith("pulumi:providers:"),
        parent=resource.parent.urn if resource.parent else "",
        provider=resource.provider.urn if resource.provider else "",
        dependencies=tuple(other.urn for other in resource.dependencies),
        property_dependencies={
            key: tuple(other.urn for other in others) for key, others in resource.property_dependencies.items()
        },
        protect=resource.opts.protect,
    )


def _known(value: Any) -> Any:
    """Copy a value, putting our word for the unknown where touching the CLI's raises."""
    if isinstance(value, Secret):
        return _known(value.value)
    if isinstance(value, Mapping):
        return {key: _item(value, key) for key in value}
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return [_item(value, index) for index in range(len(value))]
    return value


def _item(holder: Any, key: Any) -> Any:
    try:
        return _known(holder[key])
    except UnknownValueError:
        return UNKNOWN
