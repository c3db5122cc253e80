"""The in-process engine runs a whole Pulumi program and records what it registers."""

import asyncio
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from pulumi.runtime import settings as pulumi_settings

from fluxa.local.engine import STACK_TYPE, UNKNOWN, NotSupported, ResourceRequest, UnknownStack, run_program
from tests.support.pulumi_project import EchoProvider, a_project

QUEUE = "aws:sqs/queue:Queue"
PARAMETER = "aws:ssm/parameter:Parameter"

NESTED = """
    import pulumi
    import pulumi_aws as aws

    class Inner(pulumi.ComponentResource):
        def __init__(self, name, opts=None):
            super().__init__("shop:inner:Inner", name, None, opts)
            self.queue = aws.sqs.Queue(f"{name}-queue", opts=pulumi.ResourceOptions(parent=self))
            self.register_outputs({})

    class Outer(pulumi.ComponentResource):
        def __init__(self, name, opts=None):
            super().__init__("shop:outer:Outer", name, None, opts)
            self.inner = Inner(f"{name}-inner", pulumi.ResourceOptions(parent=self))
            self.register_outputs({})
"""


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


SECRETIVE = """
    import pulumi
    import pulumi_aws as aws

    password = pulumi.Output.secret("hunter2")
    parameter = aws.ssm.Parameter("p", type="SecureString", value=password, tags={"open": "yes", "hidden": password})
    pulumi.export("parameter", parameter.value)
    pulumi.export("name", parameter.name)
    pulumi.export("pair", {"open": 1, "closed": password})
"""


def test_a_secret_is_marked_where_it_is_and_nowhere_else(tmp_path: Path):
    recording = run_program(a_project(tmp_path, SECRETIVE), "dev", EchoProvider())

    parameter = recording.one(PARAMETER, "p")
    assert ["tags.hidden", "value"] == parameter.secret_inputs
    assert {"open": "yes", "hidden": "hunter2"} == parameter.inputs["tags"]
    assert ["pair.closed", "parameter"] == recording.secret_outputs
    assert {"parameter": "hunter2", "pair": {"open": 1, "closed": "hunter2"}} == recording.outputs


def test_nothing_prints_a_secret_by_accident(tmp_path: Path):
    provider = EchoProvider()

    recording = run_program(a_project(tmp_path, SECRETIVE), "dev", provider)

    assert "hunter2" not in repr(recording)
    assert "hunter2" not in repr(provider.requests)


def test_numbers_stay_integers_and_absent_values_stay_absent(tmp_path: Path):
    project = a_project(
        tmp_path,
        """
        import pulumi_aws as aws
        aws.sqs.Queue("q", visibility_timeout_seconds=30, name=None)
        """,
    )

    inputs = run_program(project, "dev", EchoProvider()).one(QUEUE, "q").inputs

    assert {"visibilityTimeoutSeconds": 30} == inputs
    assert isinstance(inputs["visibilityTimeoutSeconds"], int)


CHAINED = """
    import pulumi
    import pulumi_aws as aws

    queue = aws.sqs.Queue("q", name="orders")
    aws.ssm.Parameter("p", type="String", value=queue.arn, name=queue.name)
    pulumi.export("arn", queue.arn)
"""


def test_a_preview_knows_inputs_and_nothing_computed(tmp_path: Path):
    recording = run_program(a_project(tmp_path, CHAINED), "dev", EchoProvider(), preview=True)

    assert {"type": "String", "value": UNKNOWN, "name": "orders"} == recording.one(PARAMETER, "p").inputs
    assert {"arn": UNKNOWN} == recording.outputs


def test_a_deployment_knows_everything(tmp_path: Path):
    recording = run_program(a_project(tmp_path, CHAINED), "dev", EchoProvider())

    assert {"type": "String", "value": "arn:q", "name": "orders"} == recording.one(PARAMETER, "p").inputs
    assert {"arn": "arn:q"} == recording.outputs


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


def test_look_ups_are_answered_by_the_provider(tmp_path: Path):
    project = a_project(
        tmp_path,
        """
        import pulumi
        import pulumi_aws as aws
        pulumi.export("account", aws.get_caller_identity_output().account_id)
        """,
    )
    provider = EchoProvider(lookups={"aws:index/getCallerIdentity:getCallerIdentity": {"accountId": "42"}})

    recording = run_program(project, "dev", provider)

    assert {"account": "42"} == recording.outputs
    assert ["aws:index/getCallerIdentity:getCallerIdentity"] == [call.token for call in recording.invocations]


def test_what_the_program_logs_is_kept(tmp_path: Path):
    project = a_project(tmp_path, "import pulumi\npulumi.warn('nearly full')\npulumi.info('hello')")

    assert ["warning: nearly full", "info: hello"] == run_program(project, "dev", EchoProvider()).logs


def test_an_async_program_runs_to_its_end(tmp_path: Path):
    project = a_project(
        tmp_path,
        """
        import asyncio
        import pulumi

        async def main():
            await asyncio.sleep(0)
            return {"answer": 42}

        pulumi.run(main)
        """,
    )

    assert {"answer": 42} == run_program(project, "dev", EchoProvider()).outputs


class Refused(Exception):
    """What the provider below fails with."""


def refuse_queue(request: ResourceRequest) -> Exception | None:
    return Refused("no more queues") if request.type == QUEUE else None


def test_a_providers_error_arrives_unchanged_and_names_the_resource(tmp_path: Path):
    project = a_project(tmp_path, CHAINED)

    with pytest.raises(Refused, match="no more queues") as caught:
        run_program(project, "dev", EchoProvider(refuse=refuse_queue))

    assert ["while registering urn:pulumi:dev::shop::aws:sqs/queue:Queue::q"] == caught.value.__notes__


def test_the_programs_own_error_arrives_unchanged(tmp_path: Path):
    project = a_project(tmp_path, f"{CHAINED}\n    raise KeyError('typo')")

    with pytest.raises(KeyError, match="typo"):
        run_program(project, "dev", EchoProvider())


def test_an_error_inside_apply_fails_the_run(tmp_path: Path):
    project = a_project(
        tmp_path,
        """
        import pulumi_aws as aws
        aws.sqs.Queue("q").arn.apply(lambda arn: 1 / 0)
        """,
    )

    with pytest.raises(ZeroDivisionError, match="division by zero"):
        run_program(project, "dev", EchoProvider())


def test_after_a_failed_run_the_next_one_is_clean(tmp_path: Path):
    project = a_project(tmp_path, CHAINED)
    threads = threading.active_count()
    with pytest.raises(Refused, match="no more queues"):
        run_program(project, "dev", EchoProvider(refuse=refuse_queue))

    recording = run_program(project, "dev", EchoProvider())

    assert {"arn": "arn:q"} == recording.outputs
    assert threads == threading.active_count()


def test_two_resources_may_not_share_a_name(tmp_path: Path):
    project = a_project(tmp_path, "import pulumi_aws as aws\naws.sqs.Queue('q')\naws.sqs.Queue('q')")

    with pytest.raises(ValueError, match=r"two resources are named 'q' \(aws:sqs/queue:Queue\)"):
        run_program(project, "dev", EchoProvider())


def test_reading_an_existing_resource_is_refused_by_name(tmp_path: Path):
    project = a_project(tmp_path, "import pulumi_aws as aws\naws.sqs.Queue.get('old', 'https://sqs/old')")

    with pytest.raises(NotSupported, match="aws:sqs/queue:Queue 'old' is read, not created"):
        run_program(project, "dev", EchoProvider())


def test_a_run_leaves_the_process_as_it_was(tmp_path: Path):
    project = a_project(
        tmp_path,
        "import os, pulumi, shop_parts\npulumi.export('cwd', os.getcwd())",
        files={"shop_parts.py": "COLOUR = 'red'\n"},
    )
    directory, path, monitor = Path.cwd(), list(sys.path), pulumi_settings.get_monitor()

    recording = run_program(project, "dev", EchoProvider())

    assert {"cwd": str(project)} == recording.outputs
    assert directory == Path.cwd()
    assert path == sys.path
    assert "shop_parts" not in sys.modules
    assert monitor is pulumi_settings.get_monitor()


def test_a_changed_module_is_read_again(tmp_path: Path):
    project = a_project(
        tmp_path,
        "import pulumi, shop_parts\npulumi.export('colour', shop_parts.COLOUR)",
        files={"shop_parts.py": "COLOUR = 'red'\n"},
    )
    first = run_program(project, "dev", EchoProvider())
    (project / "shop_parts.py").write_text("COLOUR = 'green'\n")

    second = run_program(project, "dev", EchoProvider())

    assert ["red", "green"] == [first.outputs["colour"], second.outputs["colour"]]


def test_modules_of_a_project_that_is_importable_anyway_stay_loaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Importing a library twice gives two of each class, and `isinstance` fails between them."""
    project = a_project(tmp_path, "import shop_parts", files={"shop_parts.py": "class Part: ...\n"})
    monkeypatch.syspath_prepend(project)

    run_program(project, "dev", EchoProvider())
    part = sys.modules["shop_parts"].Part
    run_program(project, "dev", EchoProvider())

    assert part is sys.modules.pop("shop_parts").Part


def test_only_one_program_runs_at_a_time(tmp_path: Path):
    inner = a_project(tmp_path / "inner", "")
    project = a_project(tmp_path / "outer", "import pulumi_aws as aws\naws.sqs.Queue('q')")

    def run_another(request: ResourceRequest) -> Exception | None:
        run_program(inner, "dev", EchoProvider())
        return None

    with pytest.raises(RuntimeError, match="another Pulumi program is running"):
        run_program(project, "dev", EchoProvider(refuse=run_another))


def test_the_program_sees_its_stack_and_project(tmp_path: Path):
    program = """
        import pulumi
        pulumi.export("where", f"{pulumi.get_project()}/{pulumi.get_stack()}/{pulumi.runtime.is_dry_run()}")
        """

    recording = run_program(a_project(tmp_path, program), "dev", EchoProvider(), preview=True)

    assert {"where": "shop/dev/True"} == recording.outputs
    assert [STACK_TYPE] == [registration.type for registration in recording.registrations]


def test_an_unknown_stack_names_the_ones_that_exist(tmp_path: Path):
    project = a_project(tmp_path, "", files={"Pulumi.prod.yaml": "config: {}\n"})

    with pytest.raises(UnknownStack, match=r"no stack 'staging' in .*; stacks: dev, prod\."):
        run_program(project, "staging", EchoProvider())


def test_the_threads_own_event_loop_is_left_alone(tmp_path: Path):
    """Component tests run Pulumi's mocks on that loop, in the same process."""
    project = a_project(tmp_path, CHAINED)

    def run() -> bool:
        loop = asyncio.new_event_loop()
        asyncio.set_event_loop(loop)
        try:
            run_program(project, "dev", EchoProvider())
            return loop is asyncio.get_event_loop() and not loop.is_closed()
        finally:
            loop.close()

    # In a thread of its own: setting a loop cannot be undone for the thread that runs all other tests.
    with ThreadPoolExecutor(max_workers=1) as executor:
        assert executor.submit(run).result()
