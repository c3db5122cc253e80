"""What AWS refuses, told as a sentence."""

from collections.abc import Iterator
from contextlib import contextmanager

from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError, NoRegionError

from fluxa.errors import OperatorError


@contextmanager
def told() -> Iterator[None]:
    """Turn AWS's refusals inside the block into an operator's error.

    Raises:
        OperatorError: AWS refused, or could not be reached.
    """
    try:
        yield
    except NoCredentialsError:
        raise OperatorError("There are no AWS credentials here: log in as for the AWS command line.") from None
    except NoRegionError:
        raise OperatorError("The outputs name no region: set AWS_DEFAULT_REGION.") from None
    except (BotoCoreError, ClientError) as error:
        raise OperatorError(f"AWS did not do it: {error}") from None
