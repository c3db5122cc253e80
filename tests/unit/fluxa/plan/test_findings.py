"""A recording becomes what the policy reads: plain values, and our word for what nobody can know."""

from pathlib import Path

from fluxa.plan import judged, make_plan
from fluxa.plan.findings import policy_stack
from policy import UNKNOWN
from tests.support.pulumi_project import a_project

PROGRAM = """
    import pulumi
    import pulumi_aws as aws

    account = aws.Provider("aws", region="us-west-2", default_tags={"tags": {"project": "shop"}})

    class Buffer(pulumi.ComponentResource):
        def __init__(self, name, opts=None):
            super().__init__("shop:messaging:Buffer", name, None, opts)
            parked = aws.sqs.Queue(f"{name}-parked", opts=pulumi.ResourceOptions(parent=self, protect=True))
            aws.sqs.Queue(
                f"{name}-main",
                tags={"parked": parked.arn, "plain": "yes"},
                redrive_policy=pulumi.Output.secret(parked.arn),
                opts=pulumi.ResourceOptions(parent=self),
            )
            self.register_outputs({})

    Buffer("orders", pulumi.ResourceOptions(providers=[account]))
    """


def resources(tmp_path: Path):
    return {item.name: item for item in policy_stack(make_plan(a_project(tmp_path, PROGRAM), "dev")).resources}


def test_a_resource_keeps_who_made_it_and_what_it_needs(tmp_path: Path):
    found = resources(tmp_path)

    parked, main = found["orders-parked"], found["orders-main"]
    assert (True, False) == (parked.protect, main.protect)
    assert (found["orders"].urn, found["aws"].urn) == (main.parent, main.provider)
    assert (parked.urn,) == tuple(main.property_dependencies["redrivePolicy"])
    assert not found["orders"].custom


def test_what_a_plan_cannot_know_is_unknown_one_value_at_a_time(tmp_path: Path):
    inputs = resources(tmp_path)["orders-main"].inputs

    assert UNKNOWN is inputs["redrivePolicy"]
    assert {"parked": UNKNOWN, "plain": "yes"} == inputs["tags"]


def test_the_whole_policy_is_asked(tmp_path: Path):
    verdict = judged(make_plan(a_project(tmp_path, PROGRAM), "dev"))

    assert {"queue-long-polling", "default-tags"} <= {finding.rule for finding in verdict.findings}
    assert "queue-gives-up-somewhere" not in {finding.rule for finding in verdict.findings}
