"""Files by AWS service, named like the middle of the type token: `aws:sqs/queue:Queue` is in `sqs.py`.

A service with many types has more than one, such as `rds.py` and `rds_proxies.py`.
"""

import importlib
import pkgutil


def load_all() -> None:
    """Import every file of this folder, which enters their functions into the registry."""
    for module in pkgutil.iter_modules(__path__, f"{__name__}."):
        importlib.import_module(module.name)
