"""What the emulator only records is recorded as the program says: networks, alarms, schedules, tags."""

import json

from fluxa.local.emulator import Emulator
from tests.integration.provider.conftest import Deploy

TAGGED = """
    import pulumi, pulumi_aws as aws
    provider = aws.Provider("local", region="us-east-1", default_tags={"tags": {"project": "shop", "team": "all"}})
    options = pulumi.ResourceOptions(provider=provider)
    queue = aws.sqs.Queue("tagged", tags={"team": "orders"}, opts=options)
    pulumi.export("url", queue.url)
    pulumi.export("tags", queue.tags_all)
    """


def test_a_providers_default_tags_reach_its_resources_under_their_own(deploy: Deploy, running_emulator: Emulator):
    outputs = deploy(TAGGED).outputs

    tags = {"project": "shop", "team": "orders"}
    assert tags == running_emulator.client("sqs").list_queue_tags(QueueUrl=outputs["url"])["Tags"]
    assert tags == outputs["tags"]


NETWORK = """
    import pulumi, pulumi_aws as aws
    vpc = aws.ec2.Vpc("net", cidr_block="10.0.0.0/16", enable_dns_support=True, enable_dns_hostnames=True)
    default = aws.ec2.DefaultSecurityGroup("net-default", vpc_id=vpc.id)
    routes = aws.ec2.RouteTable("net-routes", vpc_id=vpc.id)
    subnet = aws.ec2.Subnet("net-a", vpc_id=vpc.id, cidr_block="10.0.0.0/24", availability_zone="us-east-1a")
    aws.ec2.RouteTableAssociation("net-a-routes", subnet_id=subnet.id, route_table_id=routes.id)
    group = aws.ec2.SecurityGroup("net-group", vpc_id=vpc.id, description="functions")
    gateway = aws.ec2.VpcEndpoint(
        "net-s3", vpc_id=vpc.id, service_name="com.amazonaws.us-east-1.s3", vpc_endpoint_type="Gateway",
        route_table_ids=[routes.id],
    )
    aws.vpc.SecurityGroupEgressRule(
        "net-s3-out", security_group_id=group.id, ip_protocol="tcp", from_port=443, to_port=443,
        prefix_list_id=gateway.prefix_list_id,
    )
    aws.vpc.SecurityGroupIngressRule(
        "net-in", security_group_id=group.id, ip_protocol="tcp", from_port=5432, to_port=5432,
        referenced_security_group_id=group.id, description="itself",
    )
    pulumi.export("default", default.id)
    pulumi.export("group", group.id)
    pulumi.export("prefix_list", gateway.prefix_list_id)
    """


def test_security_groups_hold_the_programs_rules_and_no_others(deploy: Deploy, running_emulator: Emulator):
    outputs = deploy(NETWORK).outputs

    described = running_emulator.client("ec2").describe_security_groups(
        GroupIds=[outputs["default"], outputs["group"]]
    )["SecurityGroups"]
    groups = {group["GroupId"]: group for group in described}
    default, own = groups[outputs["default"]], groups[outputs["group"]]
    assert ([], []) == (default["IpPermissions"], default["IpPermissionsEgress"])
    assert [(5432, outputs["group"])] == [
        (rule["FromPort"], rule["UserIdGroupPairs"][0]["GroupId"]) for rule in own["IpPermissions"]
    ]
    # The emulator does not keep which prefix list a rule names; that there is one to name is below.
    assert [443] == [rule["FromPort"] for rule in own["IpPermissionsEgress"]]
    assert outputs["prefix_list"].startswith("pl-")


WATCH = """
    import json, pulumi, pulumi_aws as aws
    topic = aws.sns.Topic("watch-topic")
    aws.sns.TopicSubscription("watch-mail", topic=topic.arn, protocol="email", endpoint="a@example.org")
    alarm = aws.cloudwatch.MetricAlarm(
        "watch-alarm", comparison_operator="GreaterThanThreshold", evaluation_periods=1, metric_name="Depth",
        namespace="Shop", period=60, statistic="Maximum", threshold=0, dimensions={"Queue": "q"},
        alarm_actions=[topic.arn], treat_missing_data="notBreaching",
    )
    role = aws.iam.Role("watch-role", assume_role_policy=json.dumps({"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Principal": {"Service": "scheduler.amazonaws.com"}, "Action": "sts:AssumeRole"}]}))
    schedule = aws.scheduler.Schedule(
        "watch-schedule", schedule_expression="cron(0 3 * * ? *)", schedule_expression_timezone="UTC",
        flexible_time_window={"mode": "OFF"},
        target={"arn": "arn:aws:lambda:us-east-1:000000000000:function:x", "role_arn": role.arn, "input": "{}",
                "retry_policy": {"maximum_retry_attempts": 3, "maximum_event_age_in_seconds": 3600}},
    )
    pulumi.export("alarm", alarm.name)
    pulumi.export("schedule", schedule.name)
    pulumi.export("topic", topic.arn)
    """


def test_alarms_and_schedules_are_recorded_as_written(deploy: Deploy, running_emulator: Emulator):
    deploy(WATCH)
    outputs = deploy(WATCH).outputs

    alarms = running_emulator.client("cloudwatch").describe_alarms(AlarmNames=[outputs["alarm"]])["MetricAlarms"]
    assert [("Depth", [{"Name": "Queue", "Value": "q"}], [outputs["topic"]])] == [
        (alarm["MetricName"], alarm["Dimensions"], alarm["AlarmActions"]) for alarm in alarms
    ]
    schedule = running_emulator.client("scheduler").get_schedule(Name=outputs["schedule"])
    assert ("cron(0 3 * * ? *)", "{}") == (schedule["ScheduleExpression"], schedule["Target"]["Input"])
    assert schedule["Target"]["RetryPolicy"] == {"MaximumRetryAttempts": 3, "MaximumEventAgeInSeconds": 3600}


DENYING = """
    import json, pulumi, pulumi_aws as aws
    queue = aws.sqs.Queue("denying")
    def policy(arn):
        tls = {"Bool": {"aws:SecureTransport": "false"}}
        return json.dumps({"Version": "2012-10-17", "Statement": [
            {"Sid": "Tls", "Effect": "Deny", "Principal": "*", "Action": "sqs:*", "Resource": arn, "Condition": tls},
            {"Sid": "Purge", "Effect": "Deny", "Principal": "*", "Action": "sqs:PurgeQueue", "Resource": arn},
        ]})
    aws.sqs.QueuePolicy("denying-policy", queue_url=queue.id, policy=queue.arn.apply(policy))
    pulumi.export("url", queue.url)
    """


def test_only_the_rule_that_demands_tls_is_left_out_of_a_policy(deploy: Deploy, running_emulator: Emulator):
    """The emulator speaks plain HTTP on loopback and enforces policies: with the rule nothing could use the queue."""
    url = deploy(DENYING).outputs["url"]

    attributes = running_emulator.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["Policy"])
    statements = json.loads(attributes["Attributes"]["Policy"])["Statement"]
    assert ["Purge"] == [statement["Sid"] for statement in statements]
