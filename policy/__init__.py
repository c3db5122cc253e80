"""What Fluxa's stacks are held to beyond what scanners know: plain rules over plain values.

The rules run three ways: over recorded stacks in the tests, in `fluxa plan`, and as a policy pack of the Pulumi CLI
(`pulumi preview --policy-pack policy`). Nothing here knows who made a resource; callers hand in `Stack` values.
"""

from policy.catalogue import RULES
from policy.model import UNKNOWN, Resource, Stack, Undecided
from policy.rule import Finding, Rule, Verdict, judge

__all__ = ["RULES", "UNKNOWN", "Finding", "Resource", "Rule", "Stack", "Undecided", "Verdict", "judge"]
