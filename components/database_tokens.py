"""The permission to log in to PostgreSQL with a token in a password's place."""

import pulumi

from components.account import Account
from components.policy import PolicyStatement
from functions.common.names import DatabaseRole


def connect_statement(account: Account, resource_id: pulumi.Output[str], *roles: DatabaseRole) -> PolicyStatement:
    """Offer connecting to one instance or proxy, as these roles of PostgreSQL's and no other.

    Args:
        account: Where it is.
        resource_id: AWS's own id of it, `db-…` or `prx-…`, which is no part of its name.
        roles: Whom to connect as; each must have been granted `rds_iam`.
    """
    users = pulumi.Output.concat("arn:aws:rds-db:", account.region, ":", account.account_id, ":dbuser:", resource_id)
    return PolicyStatement(
        actions=("rds-db:connect",),
        resources=tuple(pulumi.Output.concat(users, "/", role.value) for role in roles),
    )
