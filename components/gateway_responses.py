"""What API Gateway answers by itself: the same problem documents (RFC 9457) as the functions', with stable codes.

These answers never reach a function, so their correlation id is the gateway's request id, which the access log has too.
"""

import json
from dataclasses import dataclass
from typing import Any

from components.api_access import ApiAuth
from functions.common.names import Header

PROBLEM_JSON = "application/problem+json"

_RETRY_AFTER_SECONDS = 1
"""A throttled key has tokens again within a second."""


@dataclass(frozen=True, kw_only=True)
class GatewayProblem:
    """One kind of refusal.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/supported-gateway-response-types.html
    """

    response_type: str
    status: int
    code: str
    title: str
    detail: str
    retry: bool = False


GATEWAY_PROBLEMS = (
    GatewayProblem(
        response_type="INVALID_API_KEY",
        status=403,
        code="forbidden",
        title="The API key is not valid",
        detail="Send a valid key in the header x-api-key.",
    ),
    GatewayProblem(
        response_type="ACCESS_DENIED",
        status=403,
        code="forbidden",
        title="Access is denied",
        detail="The caller may not call this.",
    ),
    GatewayProblem(
        response_type="INVALID_SIGNATURE",
        status=403,
        code="forbidden",
        title="The signature is not valid",
        detail="Sign the request with AWS Signature Version 4, for the service execute-api, just before sending it.",
    ),
    GatewayProblem(
        response_type="EXPIRED_TOKEN",
        status=403,
        code="forbidden",
        title="The credentials have expired",
        detail="Fetch new AWS credentials and sign the request with those.",
    ),
    GatewayProblem(
        response_type="UNAUTHORIZED",
        status=401,
        code="unauthorized",
        title="Authentication is needed",
        detail="The request is not authenticated.",
    ),
    GatewayProblem(
        response_type="WAF_FILTERED",
        status=403,
        code="forbidden",
        title="Access is denied",
        detail="The firewall refused the request.",
    ),
    GatewayProblem(
        response_type="RESOURCE_NOT_FOUND",
        status=404,
        code="not_found",
        title="No such resource",
        detail="The API has no such path.",
    ),
    GatewayProblem(
        response_type="BAD_REQUEST_PARAMETERS",
        status=400,
        code="malformed_request",
        title="The request cannot be read",
        detail="A required parameter is missing.",
    ),
    GatewayProblem(
        response_type="BAD_REQUEST_BODY",
        status=400,
        code="malformed_request",
        title="The request cannot be read",
        detail="The body cannot be read.",
    ),
    GatewayProblem(
        response_type="REQUEST_TOO_LARGE",
        status=413,
        code="payload_too_large",
        title="The body is too large",
        detail="The body is above what the gateway takes.",
    ),
    GatewayProblem(
        response_type="UNSUPPORTED_MEDIA_TYPE",
        status=415,
        code="unsupported_media_type",
        title="The media type is not supported",
        detail="The gateway does not know this media type.",
    ),
    GatewayProblem(
        response_type="THROTTLED",
        status=429,
        code="throttled",
        title="Too many requests",
        detail="The key's rate is used up for the moment; send the request again shortly.",
        retry=True,
    ),
    GatewayProblem(
        response_type="QUOTA_EXCEEDED",
        status=429,
        code="quota_exceeded",
        title="Too many requests",
        detail="The key's quota is used up for today.",
    ),
    # 503 rather than the gateway's 504: for a client both say that sending again is right, and does no harm.
    GatewayProblem(
        response_type="INTEGRATION_FAILURE",
        status=503,
        code="function_unavailable",
        title="Temporarily unavailable",
        detail="The function did not answer; send the same request again shortly.",
        retry=True,
    ),
    GatewayProblem(
        response_type="INTEGRATION_TIMEOUT",
        status=503,
        code="function_unavailable",
        title="Temporarily unavailable",
        detail="The function did not answer in time; send the same request again shortly.",
        retry=True,
    ),
    GatewayProblem(
        response_type="DEFAULT_4XX",
        status=400,
        code="malformed_request",
        title="The request cannot be read",
        detail="The gateway refused the request.",
    ),
    GatewayProblem(
        response_type="DEFAULT_5XX",
        status=500,
        code="unexpected",
        title="Internal error",
        detail="The request failed for a reason on our side. Quote the correlation id when you report it.",
    ),
)

_NO_SUCH_METHOD = GatewayProblem(
    response_type="MISSING_AUTHENTICATION_TOKEN",
    status=404,
    code="not_found",
    title="No such resource",
    detail="The API has no such path, or the path no such method.",
)
_NOT_SIGNED = GatewayProblem(
    response_type="MISSING_AUTHENTICATION_TOKEN",
    status=403,
    code="forbidden",
    title="Access is denied",
    detail="The request is not signed with AWS credentials, or the API has no such path or method.",
)


def gateway_problems(auth: ApiAuth) -> tuple[GatewayProblem, ...]:
    """Return every refusal of an API whose callers prove themselves in this way."""
    # It is what the gateway says about a path or method that does not exist. Only where requests are signed can there
    # be a token to miss, and the two cases look the same.
    return (*GATEWAY_PROBLEMS, _NOT_SIGNED if auth == "iam" else _NO_SUCH_METHOD)


def gateway_responses(auth: ApiAuth) -> dict[str, Any]:
    """Return the value of `x-amazon-apigateway-gateway-responses`."""
    return {problem.response_type: _response(problem) for problem in gateway_problems(auth)}


def _response(problem: GatewayProblem) -> dict[str, Any]:
    document = {
        "type": "about:blank",
        "title": problem.title,
        "status": problem.status,
        "detail": problem.detail,
        "code": problem.code,
        "correlation_id": "$context.requestId",
    }
    headers = {
        "Content-Type": f"'{PROBLEM_JSON}'",
        "Cache-Control": "'no-store'",
        Header.CORRELATION_ID.value: "context.requestId",
    }
    if problem.retry:
        headers["Retry-After"] = f"'{_RETRY_AFTER_SECONDS}'"
    return {
        # Written out for the default types too, which stand for every refusal that is not listed and would otherwise
        # keep its own status: the document could not name that, as templates see no status.
        # https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-variables-for-access-logging.html
        "statusCode": str(problem.status),
        "responseParameters": {f"gatewayresponse.header.{name}": value for name, value in headers.items()},
        # The gateway looks templates up by this key whatever the client accepts; the header above is what it sends.
        "responseTemplates": {"application/json": json.dumps(document)},
    }
