"""Every registration is recorded as the program made it: name, place, order, options."""

from pathlib import Path

import pytest

from fluxa.local.engine import run_program
from tests.support.pulumi_project import NESTED, QUEUE, EchoProvider, a_project


def test_a_urn_carries_the_types_of_all_parents_but_not_of_the_stack(tmp_path: Path):
    project = a_project(tmp_path, f"{NESTED}\n    Outer('orders')\n    aws.sqs.Queue('plain')")

    recording = run_program(project, "dev", EchoProvider())

    assert {
        "urn:pulumi:dev::shop::pulumi:pulumi:Stack::shop-dev",
        "urn:pulumi:dev::shop::shop:outer:Outer::orders",
        "urn:pulumi:dev::shop::shop:outer:Outer$shop:inner:Inner::orders-inner",
        "urn:pulumi:dev::shop::shop:outer:Outer$shop:inner:Inner$aws:sqs/queue:Queue::orders-inner-queue",
        "urn:pulumi:dev::shop::aws:sqs/queue:Queue::plain",
    } == {registration.urn for registration in recording.registrations}


def test_parents_and_dependencies_come_first_and_the_rest_follows_the_urns(tmp_path: Path):
    project = a_project(
        tmp_path,
        """
        import pulumi
        import pulumi_aws as aws

        last = aws.sqs.Queue("z")
        aws.sqs.Queue("y")
        aws.sqs.Queue("a", opts=pulumi.ResourceOptions(depends_on=[last]))
        aws.sqs.Queue("b", name=last.arn.apply(lambda arn: f"after-{arn}"))
        """,
    )

    recording = run_program(project, "dev", EchoProvider())

    assert ["shop-dev", "y", "z", "a", "b"] == [registration.name for registration in recording.registrations]
    assert ["urn:pulumi:dev::shop::aws:sqs/queue:Queue::z"] == recording.one(QUEUE, "a").dependencies
    assert {"name": [recording.one(QUEUE, "z").urn]} == recording.one(QUEUE, "b").property_dependencies


def test_every_option_is_recorded(tmp_path: Path):
    project = a_project(
        tmp_path,
        """
        import pulumi
        import pulumi_aws as aws

        owner = aws.sqs.Queue("owner")
        aws.sqs.Queue(
            "q",
            opts=pulumi.ResourceOptions(
                protect=True,
                retain_on_delete=True,
                delete_before_replace=True,
                ignore_changes=["tags"],
                replace_on_changes=["name"],
                additional_secret_outputs=["url"],
                aliases=[pulumi.Alias(name="old", parent=pulumi.ROOT_STACK_RESOURCE)],
                custom_timeouts=pulumi.CustomTimeouts(create="5m"),
                deleted_with=owner,
                import_="existing",
            ),
        )
        """,
    )

    queue = run_program(project, "dev", EchoProvider()).one(QUEUE, "q")

    assert queue.protect
    assert queue.retain_on_delete
    assert queue.delete_before_replace
    assert ["tags"] == queue.ignore_changes
    assert ["name"] == queue.replace_on_changes
    assert ["url"] == queue.additional_secret_outputs
    assert [{"name": "old", "noParent": True}] == queue.aliases
    assert {"create": "5m"} == queue.custom_timeouts
    assert queue.deleted_with.endswith("::owner")
    assert "existing" == queue.import_id
    assert queue.source == "__main__.py:6"
    assert queue.version.startswith("7.")


def test_protection_and_provider_come_down_from_the_parent(tmp_path: Path):
    project = a_project(
        tmp_path,
        f"""{NESTED}
    west = aws.Provider("west", region="us-west-2")
    Outer("orders", pulumi.ResourceOptions(protect=True, retain_on_delete=True, providers=[west]))
    aws.sqs.Queue("plain")
    """,
    )

    recording = run_program(project, "dev", EchoProvider())

    queue = recording.one(QUEUE, "orders-inner-queue")
    west = recording.one("pulumi:providers:aws", "west")
    assert (True, True) == (queue.protect, queue.retain_on_delete)
    assert f"{west.urn}::west-id" == queue.provider
    plain = recording.one(QUEUE, "plain")
    assert (False, False, "") == (plain.protect, plain.retain_on_delete, plain.provider)


def test_protection_that_a_transform_gives_a_component_comes_down_too(tmp_path: Path):
    """The SDK passes on only what the program itself said."""
    project = a_project(
        tmp_path,
        f"""{NESTED}
    def protect(args):
        if args.type_ == "shop:outer:Outer":
            return pulumi.ResourceTransformResult(
                args.props, pulumi.ResourceOptions.merge(args.opts, pulumi.ResourceOptions(protect=True))
            )

    pulumi.runtime.register_resource_transform(protect)
    Outer("orders")
    """,
    )

    assert run_program(project, "dev", EchoProvider()).one(QUEUE, "orders-inner-queue").protect


def test_transforms_change_properties_and_options_of_later_resources(tmp_path: Path):
    project = a_project(
        tmp_path,
        """
        import pulumi
        import pulumi_aws as aws

        def tag(args):
            return pulumi.ResourceTransformResult(
                props={**args.props, "tags": {"team": "orders"}},
                opts=pulumi.ResourceOptions.merge(args.opts, pulumi.ResourceOptions(protect=True)),
            )

        pulumi.runtime.register_resource_transform(tag)
        aws.sqs.Queue("everywhere")
        aws.sqs.Queue(
            "own",
            opts=pulumi.ResourceOptions(
                transforms=[lambda args: pulumi.ResourceTransformResult({**args.props, "name": "own"}, args.opts)]
            ),
        )
        """,
    )

    recording = run_program(project, "dev", EchoProvider())

    assert {"tags": {"team": "orders"}} == recording.one(QUEUE, "everywhere").inputs
    assert recording.one(QUEUE, "everywhere").protect
    assert {"name": "own", "tags": {"team": "orders"}} == recording.one(QUEUE, "own").inputs


def test_a_failing_transform_says_which_resource_it_failed_on(tmp_path: Path):
    project = a_project(
        tmp_path,
        """
        import pulumi
        import pulumi_aws as aws

        def broken(args):
            raise LookupError("no team owns this")

        aws.sqs.Queue("q", opts=pulumi.ResourceOptions(transforms=[broken]))
        """,
    )

    with pytest.raises(RuntimeError, match=r"transform of 'q' \(aws:sqs/queue:Queue\) failed: .*no team owns this"):
        run_program(project, "dev", EchoProvider())
