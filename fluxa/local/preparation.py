"""What `make setup` does beyond installing: everything that would make the first start slower than the second.

`python -m fluxa.local.preparation`
"""

import sys

from fluxa.errors import OperatorError
from fluxa.local import deployment, emulator_environment
from fluxa.local.project import PROJECT_DIR


def main() -> int:
    """Install the emulator, and import once what a deployment imports: Python then keeps its bytecode."""
    try:
        emulator_environment.ensure(PROJECT_DIR)
    except OperatorError as error:
        print(f"fluxa: {error}", file=sys.stderr)
        return error.exit_code
    deployment.load()
    return 0


if __name__ == "__main__":
    sys.exit(main())
