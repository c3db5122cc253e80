"""The types that only larger stacks have: what the emulator can do is done, what it cannot is recorded."""

import json

import psycopg

from fluxa.local.emulator import Emulator
from fluxa.local.postgres import PostgresServer
from tests.integration.provider.conftest import Deploy

ALIASED = """
    import json, pulumi, pulumi_aws as aws
    from shop_parts import a_function, allow
    failed = aws.sqs.Queue("aliased-failed")
    waiting = aws.sqs.Queue("aliased-waiting")
    bucket = aws.s3.Bucket("aliased-bucket")
    function = a_function(
        "aliased", "process",
        [allow(["s3:PutObject"], bucket.arn.apply(lambda arn: f"{arn}/*"))], {"BUCKET": bucket.bucket}, publish=True,
    )
    live = aws.lambda_.Alias(
        "aliased-live", name="live", function_name=function.name, function_version=function.version,
    )
    aws.lambda_.ProvisionedConcurrencyConfig(
        "aliased-warm", function_name=live.function_name, qualifier=live.name, provisioned_concurrent_executions=2,
    )
    aws.lambda_.FunctionEventInvokeConfig(
        "aliased-retries", function_name=live.function_name, qualifier=live.name, maximum_retry_attempts=1,
        destination_config={"on_failure": {"destination": failed.arn}},
    )
    aws.lambda_.Permission(
        "aliased-permission", action="lambda:InvokeFunction", function=function.name, qualifier=live.name,
        principal="scheduler.amazonaws.com",
    )
    aws.lambda_.EventSourceMapping("aliased-feed", event_source_arn=waiting.arn, function_name=live.arn)
    done = aws.lambda_.Invocation(
        "aliased-once", function_name=function.name, qualifier=live.name, input=json.dumps({"Records": []}),
    )
    pulumi.export("function", function.name)
    pulumi.export("failed", failed.arn)
    pulumi.export("result", done.result)
    pulumi.export("invoke_arn", live.invoke_arn)
    """


def test_an_alias_answers_with_what_is_said_of_it(deploy: Deploy, running_emulator: Emulator):
    outputs = deploy(ALIASED).outputs

    client, name = running_emulator.client("lambda"), outputs["function"]
    live = {"FunctionName": name, "Qualifier": "live"}
    assert "1" == client.get_alias(FunctionName=name, Name="live")["FunctionVersion"]
    assert {"batchItemFailures": []} == json.loads(outputs["result"])
    assert outputs["invoke_arn"].endswith(f":function:{name}:live/invocations")
    assert 2 == client.get_provisioned_concurrency_config(**live)["RequestedProvisionedConcurrentExecutions"]
    retries = client.get_function_event_invoke_config(**live)
    assert (1, outputs["failed"]) == (
        retries["MaximumRetryAttempts"],
        retries["DestinationConfig"]["OnFailure"]["Destination"],
    )
    (feed,) = client.list_event_source_mappings(FunctionName=f"{name}:live")["EventSourceMappings"]
    assert feed["FunctionArn"].endswith(f":{name}:live")


def test_deploying_an_alias_again_replaces_all_of_it(deploy: Deploy, running_emulator: Emulator):
    deploy(ALIASED)
    outputs = deploy(ALIASED).outputs

    client = running_emulator.client("lambda")
    assert 1 == len(
        client.list_event_source_mappings(FunctionName=f"{outputs['function']}:live")["EventSourceMappings"]
    )


MANAGED = """
    import pulumi, pulumi_aws as aws
    key = aws.kms.Key("managed-key", enable_key_rotation=True, deletion_window_in_days=30)
    alias = aws.kms.Alias("managed-alias", name="alias/managed", target_key_id=key.id)
    zones = ["us-east-1a", "us-east-1b"]
    vpc = aws.ec2.Vpc("managed-net", cidr_block="10.1.0.0/16")
    subnets = [
        aws.ec2.Subnet(f"managed-{zone}", vpc_id=vpc.id, cidr_block=f"10.1.{index}.0/24", availability_zone=zone).id
        for index, zone in enumerate(zones)
    ]
    database = aws.rds.Instance(
        "managed", identifier="managed", engine="postgres", instance_class="db.m7g.large", allocated_storage=20,
        username="managed_admin", db_name="managed", manage_master_user_password=True,
        master_user_secret_kms_key_id=key.arn, skip_final_snapshot=True,
    )
    replica = aws.rds.Instance(
        "managed-replica", identifier="managed-replica", replicate_source_db=database.identifier,
        instance_class="db.m7g.large", skip_final_snapshot=True,
    )
    secret = aws.secretsmanager.Secret("managed-login", name="managed/login", kms_key_id=key.arn,
                                       recovery_window_in_days=7)
    version = aws.secretsmanager.SecretVersion(
        "managed-login-value", secret_id=secret.id, secret_string_wo='{"username": "u", "password": "p"}',
        secret_string_wo_version=1,
    )
    aws.secretsmanager.SecretRotation(
        "managed-login-rotation", secret_id=secret.id, rotation_lambda_arn="arn:aws:lambda:us-east-1:0:function:x",
        rotation_rules={"automatically_after_days": 30}, opts=pulumi.ResourceOptions(depends_on=[version]),
    )
    role = aws.iam.Role("managed-proxy-role", assume_role_policy='{"Version": "2012-10-17", "Statement": []}')
    proxy = aws.rds.Proxy(
        "managed-proxy", engine_family="POSTGRESQL", role_arn=role.arn, vpc_subnet_ids=subnets, require_tls=False,
        auths=[{"auth_scheme": "SECRETS", "iam_auth": "DISABLED", "secret_arn": secret.arn}],
    )
    group = aws.rds.ProxyDefaultTargetGroup(
        "managed-proxy-group", db_proxy_name=proxy.name, connection_pool_config={"max_connections_percent": 80},
    )
    aws.rds.ProxyTarget(
        "managed-proxy-target", db_proxy_name=proxy.name, target_group_name=group.name,
        db_instance_identifier=database.identifier,
    )
    stored = aws.secretsmanager.get_secret_version_output(secret_id=version.secret_id)
    pulumi.export("master", database.master_user_secrets[0].secret_arn)
    pulumi.export("endpoints", [database.endpoint, replica.endpoint])
    pulumi.export("proxy", proxy.endpoint)
    pulumi.export("proxy_name", proxy.name)
    pulumi.export("stored", stored.secret_string)
    pulumi.export("key", alias.target_key_arn)
    """


def test_a_password_that_rds_manages_opens_the_local_server(
    deploy: Deploy, running_emulator: Emulator, postgres_server: PostgresServer
):
    deploy(MANAGED)
    outputs = deploy(MANAGED).outputs

    value = running_emulator.client("secretsmanager").get_secret_value(SecretId=outputs["master"])["SecretString"]
    login = json.loads(value)
    with psycopg.connect(
        host=postgres_server.host,
        port=postgres_server.port,
        dbname="managed",
        user=login["username"],
        password=login["password"],
    ) as connection:
        assert ("managed_admin",) == connection.execute("SELECT current_user").fetchone()


def test_replica_and_proxy_stand_at_the_local_servers_address(
    deploy: Deploy, running_emulator: Emulator, postgres_server: PostgresServer
):
    outputs = deploy(MANAGED).outputs

    server = postgres_server
    assert [f"{server.host}:{server.port}"] * 2 == outputs["endpoints"]
    assert server.host == outputs["proxy"]
    rds = running_emulator.client("rds")
    targets = rds.describe_db_proxy_targets(DBProxyName=outputs["proxy_name"])["Targets"]
    assert ["managed"] == [target["RdsResourceId"] for target in targets]
    (replica,) = rds.describe_db_instances(DBInstanceIdentifier="managed-replica")["DBInstances"]
    assert "managed" == replica["ReadReplicaSourceDBInstanceIdentifier"]


def test_a_rotation_that_is_registered_leaves_the_value_alone(deploy: Deploy, running_emulator: Emulator):
    outputs = deploy(MANAGED).outputs

    assert {"username": "u", "password": "p"} == json.loads(outputs["stored"])
    assert outputs["key"].startswith("arn:aws:kms:us-east-1:")


GUARDED = """
    import json, pulumi, pulumi_aws as aws
    metrics = {"cloudwatch_metrics_enabled": True, "metric_name": "m", "sampled_requests_enabled": True}
    acl = aws.wafv2.WebAcl(
        "guarded", scope="REGIONAL", default_action={"allow": {}}, visibility_config=metrics,
        rules=[
            {"name": "known-bad", "priority": 0, "override_action": {"none": {}}, "visibility_config": metrics,
             "statement": {"managed_rule_group_statement": {
                 "vendor_name": "AWS", "name": "AWSManagedRulesKnownBadInputsRuleSet"}}},
            {"name": "rate", "priority": 1, "action": {"block": {}}, "visibility_config": metrics,
             "statement": {"rate_based_statement": {"limit": 2000, "aggregate_key_type": "IP"}}},
        ],
    )
    aws.wafv2.WebAclAssociation(
        "guarded-api", web_acl_arn=acl.arn, resource_arn="arn:aws:apigateway:us-east-1::/restapis/x/stages/v1"
    )
    logs = aws.cloudwatch.LogGroup("guarded-logs", name="aws-waf-logs-guarded")
    aws.wafv2.WebAclLoggingConfiguration(
        "guarded-logging", resource_arn=acl.arn, log_destination_configs=[logs.arn]
    )
    alarms = [
        aws.cloudwatch.MetricAlarm(
            f"guarded-{name}", comparison_operator="GreaterThanThreshold", evaluation_periods=1, threshold=5,
            metric_queries=[
                {"id": "share", "expression": "100 * bad / all", "label": "share", "return_data": True},
                *({"id": id, "metric": {"metric_name": id, "namespace": "Shop", "period": 60, "stat": "Sum",
                                        "dimensions": {"Stack": "s"}}} for id in ("bad", "all")),
            ],
        )
        for name in ("a", "b")
    ]
    rule = pulumi.Output.all(*[alarm.name for alarm in alarms]).apply(
        lambda names: " OR ".join(f'ALARM("{name}")' for name in names)
    )
    unhealthy = aws.cloudwatch.CompositeAlarm("guarded-unhealthy", alarm_name="guarded-unhealthy", alarm_rule=rule)
    vpc = aws.ec2.Vpc("guarded-net", cidr_block="10.2.0.0/16")
    subnet = aws.ec2.Subnet("guarded-subnet", vpc_id=vpc.id, cidr_block="10.2.0.0/24")
    door = aws.ec2.InternetGateway("guarded-door", vpc_id=vpc.id)
    table = aws.ec2.RouteTable("guarded-routes", vpc_id=vpc.id)
    address = aws.ec2.Eip("guarded-address", domain="vpc")
    nat = aws.ec2.NatGateway("guarded-nat", subnet_id=subnet.id, allocation_id=address.allocation_id)
    aws.ec2.Route("guarded-out", route_table_id=table.id, destination_cidr_block="0.0.0.0/0", nat_gateway_id=nat.id)
    role = aws.iam.Role("guarded-role", assume_role_policy='{"Version": "2012-10-17", "Statement": []}')
    flow = aws.ec2.FlowLog(
        "guarded-flow", vpc_id=vpc.id, traffic_type="ALL", iam_role_arn=role.arn, log_destination=logs.arn,
        max_aggregation_interval=600,
    )
    bucket, log = aws.s3.Bucket("guarded-bucket"), aws.s3.Bucket("guarded-log")
    aws.s3.BucketLogging("guarded-log-to", bucket=bucket.bucket, target_bucket=log.bucket, target_prefix="s3/")
    domain = aws.apigateway.DomainName(
        "guarded-domain", domain_name="shop.example.com", endpoint_configuration={"types": "REGIONAL"},
        regional_certificate_arn="arn:aws:acm:us-east-1:000000000000:certificate/x",
    )
    api = aws.apigateway.RestApi("guarded-rest", disable_execute_api_endpoint=True)
    aws.apigateway.BasePathMapping("guarded-path", domain_name=domain.domain_name, rest_api=api.id, stage_name="v1")
    aws.route53.Record(
        "guarded-record", zone_id="Z1", name="shop.example.com", type="A",
        aliases=[{"name": domain.regional_domain_name, "zone_id": domain.regional_zone_id,
                  "evaluate_target_health": False}],
    )
    topic = aws.sns.Topic("guarded-topic")
    aws.rds.EventSubscription("guarded-events", sns_topic=topic.arn, source_type="db-instance")
    pulumi.export("acl", [acl.name, acl.id])
    pulumi.export("flow", flow.id)
    pulumi.export("table", table.id)
    pulumi.export("nat", nat.id)
    pulumi.export("buckets", [bucket.bucket, log.bucket])
    pulumi.export("domain", domain.regional_domain_name)
    """


def test_what_stands_around_a_stack_is_recorded_as_written(deploy: Deploy, running_emulator: Emulator):
    deploy(GUARDED)
    outputs = deploy(GUARDED).outputs

    client = running_emulator.client
    name, id = outputs["acl"]
    rules = client("wafv2").get_web_acl(Name=name, Scope="REGIONAL", Id=id)["WebACL"]["Rules"]
    assert [("known-bad", {"None": {}}), ("rate", {"Block": {}})] == [
        (rule["Name"], rule.get("OverrideAction") or rule.get("Action")) for rule in rules
    ]
    alarms = client("cloudwatch").describe_alarms(
        AlarmNames=["guarded-unhealthy"], AlarmTypes=["CompositeAlarm", "MetricAlarm"]
    )
    assert 1 == len(alarms["CompositeAlarms"])
    (table,) = client("ec2").describe_route_tables(RouteTableIds=[outputs["table"]])["RouteTables"]
    assert outputs["nat"] in {route.get("NatGatewayId") for route in table["Routes"]}
    (flow,) = client("ec2").describe_flow_logs(FlowLogIds=[outputs["flow"]])["FlowLogs"]
    assert "ALL" == flow["TrafficType"]
    bucket, log = outputs["buckets"]
    assert {"TargetBucket": log, "TargetPrefix": "s3/"} == client("s3").get_bucket_logging(Bucket=bucket)[
        "LoggingEnabled"
    ]
    assert outputs["domain"].startswith("shop.example.com.")


OWN_KEY = """
    import pulumi, pulumi_aws as aws
    own = pulumi.Config().get_bool("own")
    key = {"kms_master_key_id": "alias/aws/sqs"} if own else {"sqs_managed_sse_enabled": True}
    queue = aws.sqs.Queue("own-key", **key)
    pulumi.export("url", queue.url)
    """


def test_a_queue_changes_its_encryption_with_the_profile_and_keeps_its_messages(
    deploy: Deploy, running_emulator: Emulator
):
    sqs = running_emulator.client("sqs")
    url = deploy(OWN_KEY, own=True).outputs["url"]
    before = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    sqs.send_message(QueueUrl=url, MessageBody="kept")

    deploy(OWN_KEY, own=False)

    after = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    assert "alias/aws/sqs" == before["KmsMasterKeyId"]
    assert ("", "true", "1") == (
        after["KmsMasterKeyId"],
        after["SqsManagedSseEnabled"],
        after["ApproximateNumberOfMessages"],
    )
