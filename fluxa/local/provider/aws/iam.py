"""IAM. The emulator enforces these roles for every function."""

from fluxa.local.engine import Created
from fluxa.local.provider.policies import with_batch_actions
from fluxa.local.provider.registry import resource
from fluxa.local.provider.request import Request, document

LONGEST_ROLE_NAME = 64
LONGEST_POLICY_NAME = 128


@resource("aws:iam/role:Role", ignored={"forceDetachPolicies": "nothing is destroyed"})
def role(request: Request) -> Created:
    """Create a role."""
    iam = request.client("iam")
    name = request.physical_name(longest=LONGEST_ROLE_NAME)
    trust = document(request.inputs.require("assumeRolePolicy"))
    options = request.inputs.renamed(
        {
            "description": "Description",
            "maxSessionDuration": "MaxSessionDuration",
            "path": "Path",
            "permissionsBoundary": "PermissionsBoundary",
        }
    )
    try:
        made = iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust, Tags=request.tag_list(), **options)[
            "Role"
        ]
    except iam.exceptions.EntityAlreadyExistsException:
        iam.update_assume_role_policy(RoleName=name, PolicyDocument=trust)
        made = iam.get_role(RoleName=name)["Role"]
    for arn in request.inputs.get("managedPolicyArns") or []:
        iam.attach_role_policy(RoleName=name, PolicyArn=arn)
    for inline in request.inputs.sections("inlinePolicies"):
        iam.put_role_policy(
            RoleName=name, PolicyName=inline.require("name"), PolicyDocument=document(inline.require("policy"))
        )
    return Created(
        id=name,
        outputs={"name": name, "arn": made["Arn"], "uniqueId": made["RoleId"], "tagsAll": request.tags()},
    )


@resource("aws:iam/rolePolicy:RolePolicy")
def role_policy(request: Request) -> Created:
    """Give a role its permissions."""
    role_name = request.inputs.require("role")
    name = request.physical_name(longest=LONGEST_POLICY_NAME)
    request.client("iam").put_role_policy(
        RoleName=role_name,
        PolicyName=name,
        PolicyDocument=with_batch_actions(document(request.inputs.require("policy"))),
    )
    return Created(id=f"{role_name}:{name}", outputs={"name": name})


@resource("aws:iam/rolePolicyAttachment:RolePolicyAttachment")
def role_policy_attachment(request: Request) -> Created:
    """Attach a managed policy to a role."""
    role_name, arn = request.inputs.require("role"), request.inputs.require("policyArn")
    request.client("iam").attach_role_policy(RoleName=role_name, PolicyArn=arn)
    return Created(id=f"{role_name}/{arn}")
