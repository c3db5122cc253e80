"""What the person at the terminal can put right: every expected failure of the `fluxa` command is one of these."""


class OperatorError(Exception):
    """An expected failure, told in one sentence that says what to do.

    The command prints the sentence to standard error and leaves with `exit_code`; no traceback is shown.
    Anything else that escapes is a bug of ours and keeps its traceback.
    """

    exit_code = 1
