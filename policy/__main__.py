"""What the Pulumi CLI runs for `pulumi preview --policy-pack policy`."""

import sys
from pathlib import Path

# Python puts this folder first, where its files would stand in front of other packages; they belong to `policy`.
sys.path[0] = str(Path(__file__).resolve().parents[1])

from pulumi_policy import PolicyPack  # noqa: E402 - after the path is put right

from policy.pulumi_pack import policies  # noqa: E402 - as above

if __name__ == "__main__":
    # Serves until the CLI ends it: nothing after this line runs.
    PolicyPack("fluxa", policies())
