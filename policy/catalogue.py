"""Every rule there is, by area."""

from policy import alarms, databases, gateway, identities, lambdas, networks, ownership, queues, stores
from policy.rule import Rule

RULES: tuple[Rule, ...] = (
    *queues.RULES,
    *lambdas.RULES,
    *gateway.RULES,
    *databases.RULES,
    *networks.RULES,
    *identities.RULES,
    *stores.RULES,
    *alarms.RULES,
    *ownership.RULES,
)
