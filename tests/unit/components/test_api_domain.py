"""CustomDomain: the API under a name of its owner's."""

from typing import Any

import pytest

from tests.support.api_stack import DOMAIN, api_with
from tests.support.pulumi_recorder import Recorder

DEPLOYMENT = "aws:apigateway/deployment:Deployment"
DOMAIN_NAME = "aws:apigateway/domainName:DomainName"
MAPPING = "aws:apigateway/basePathMapping:BasePathMapping"
RECORD = "aws:route53/record:Record"
REST_API = "aws:apigateway/restApi:RestApi"
ZONE = "Z0123456789ABC"


def outputs(**settings: Any) -> dict[str, Any]:
    """Return the URL and, where there is one, what the name has to point to."""
    found: dict[str, Any] = {}

    def look(api: Any) -> None:
        api.url.apply(lambda url: found.update(url=url))
        if api.domain_target is not None:
            api.domain_target.apply(lambda target: found.update(target=target))

    api_with(then=look, **settings)
    return found


def named(**settings: Any) -> Recorder:
    return api_with(**DOMAIN, **settings)


def test_the_api_keeps_awss_name_unless_it_is_given_one():
    stack = api_with()

    assert [] == [*stack.of_type(DOMAIN_NAME), *stack.of_type(MAPPING), *stack.of_type(RECORD)]
    assert False is stack.one(REST_API).inputs["disableExecuteApiEndpoint"]
    assert {"url": "https://api.test/v1"} == outputs()


def test_the_name_is_served_in_this_region_with_tls_1_2_at_least():
    assert {
        "domainName": "events.example.com",
        "regionalCertificateArn": DOMAIN["certificate_arn"],
        "endpointConfiguration": {"types": "REGIONAL"},
        "securityPolicy": "TLS_1_2",
    } == named().one(DOMAIN_NAME).inputs


def test_urls_differ_in_the_host_alone():
    assert {
        "domainName": "events.example.com",
        "restApi": "api-rest-id",
        "stageName": "v1",
        "basePath": "v1",
    } == named().one(MAPPING).inputs
    assert "https://events.example.com/v1" == outputs(**DOMAIN)["url"]


def test_a_named_api_answers_to_nothing_else():
    assert True is named().one(REST_API).inputs["disableExecuteApiEndpoint"]


def test_switching_the_other_address_off_takes_a_deployment_and_so_does_switching_it_on():
    # https://docs.aws.amazon.com/apigateway/latest/developerguide/rest-api-disable-default-endpoint.html
    assert api_with().one(DEPLOYMENT).inputs["triggers"] != named().one(DEPLOYMENT).inputs["triggers"]


def test_another_name_takes_no_deployment():
    other = api_with(**DOMAIN | {"domain_name": "other.example.com"})

    assert named().one(DEPLOYMENT).inputs["triggers"] == other.one(DEPLOYMENT).inputs["triggers"]


def test_the_name_is_entered_in_the_zone_that_is_given():
    assert {
        "zoneId": ZONE,
        "name": "events.example.com",
        "type": "A",
        "aliases": [{"name": "api-domain-name.test", "zoneId": "ZONEOFAWS", "evaluateTargetHealth": False}],
    } == named(hosted_zone_id=ZONE).one(RECORD).inputs


def test_whoever_keeps_names_elsewhere_is_told_what_to_enter():
    assert [] == named().of_type(RECORD)
    assert "api-domain-name.test" == outputs(**DOMAIN)["target"]


@pytest.mark.parametrize("auth", ["api_key", "iam", "none"])
def test_a_name_goes_with_every_kind_of_authentication(auth):
    assert ["api-domain-mapping"] == [item.name for item in named(auth=auth).of_type(MAPPING)]
