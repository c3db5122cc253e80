"""The local provider is never silent: what it cannot create, or does not map, is an error that says where to go."""

import pytest

from fluxa.local.provider import MissingInput, UnknownLookup, UnknownResourceType, UnmappedInput
from tests.integration.provider.conftest import Deploy


def test_an_unknown_resource_type_is_an_error_that_names_the_file_to_extend(deploy: Deploy):
    program = "import pulumi_aws as aws\naws.dynamodb.Table('t', attributes=[])"

    with pytest.raises(UnknownResourceType, match=r"aws:dynamodb/table:Table \('t'\).*provider/aws/dynamodb\.py"):
        deploy(program)


def test_an_unmapped_input_is_an_error_that_names_type_resource_and_input(deploy: Deploy):
    program = "import pulumi_aws as aws\naws.sqs.Queue('q', name_prefix='x')"

    with pytest.raises(UnmappedInput, match=r"aws:sqs/queue:Queue 'q': .* does not map namePrefix;.*aws/sqs\.py"):
        deploy(program)


def test_an_unmapped_input_deep_inside_is_named_by_its_path(deploy: Deploy):
    program = """
        import pulumi_aws as aws
        aws.s3.BucketLifecycleConfiguration(
            "rules",
            bucket=aws.s3.Bucket("unmapped").id,
            rules=[{"id": "a", "status": "Enabled", "filter": {"tag": {"key": "k", "value": "v"}}}],
        )
        """

    with pytest.raises(UnmappedInput, match=r"does not map rules\[0\]\.filter\.tag"):
        deploy(program)


def test_a_missing_input_is_an_error_that_names_it(deploy: Deploy):
    program = "import pulumi_aws as aws\naws.rds.Instance('db', instance_class='db.t4g.micro', username='u')"

    with pytest.raises(MissingInput, match="aws:rds/instance:Instance 'db' needs the input dbName"):
        deploy(program)


def test_an_unknown_look_up_is_an_error_that_names_it(deploy: Deploy):
    program = "import pulumi, pulumi_aws as aws\npulumi.export('ami', aws.ec2.get_ami_output(owners=['self']).id)"

    with pytest.raises(UnknownLookup, match="cannot answer the look-up aws:ec2/getAmi:getAmi"):
        deploy(program)


def test_a_name_longer_than_aws_takes_is_refused(deploy: Deploy):
    program = "import pulumi_aws as aws\naws.iam.Role('r' * 60, assume_role_policy='{}')"

    with pytest.raises(ValueError, match="is longer than 64 characters"):
        deploy(program)


LOOKUPS = """
    import pulumi, pulumi_aws as aws

    names = aws.ssm.Parameter("names", name="/lookups/secret", type="SecureString", value="s3cret")
    pulumi.export("account", aws.get_caller_identity_output().account_id)
    pulumi.export("region", aws.get_region_output().region)
    pulumi.export("zones", aws.get_availability_zones_output(state="available").names)
    pulumi.export("stored", aws.ssm.get_parameter_output(name=names.id, with_decryption=True).value)
    pulumi.export(
        "password",
        aws.secretsmanager.get_random_password_output(password_length=48, exclude_punctuation=True).random_password,
    )
    """


def test_look_ups_answer_for_the_emulators_account(deploy: Deploy):
    outputs = deploy(LOOKUPS).outputs

    assert ("000000000000", "us-east-1", "s3cret") == (outputs["account"], outputs["region"], outputs["stored"])
    assert outputs["zones"][0].startswith("us-east-1")


def test_a_generated_password_has_the_length_and_characters_asked_for_and_differs_each_time(deploy: Deploy):
    passwords = {deploy(LOOKUPS).outputs["password"] for _ in range(2)}

    assert len(passwords) == 2
    assert all(len(password) == 48 and password.isalnum() for password in passwords)
