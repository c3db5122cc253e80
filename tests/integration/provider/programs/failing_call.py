"""A function that the deployment itself invokes, and that fails."""

import json

import pulumi_aws as aws
from shop_parts import a_function, allow

broken = a_function("call-broken", "broken", [allow("sqs:ListQueues", "*")])
aws.lambda_.Invocation("call", function_name=broken.name, input=json.dumps({"task": "migrate"}))
