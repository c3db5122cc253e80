"""Works out CloudWatch's metric math for one period, as far as alarms use it: arithmetic, comparisons, IF and FILL.

Missing data is None. It spreads through everything but FILL, and dividing by nothing yields it, as in CloudWatch.
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html
"""

import ast
import operator
from collections.abc import Mapping
from typing import Any

_ARITHMETIC = {ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv}
_COMPARISONS = {ast.Gt: operator.gt, ast.GtE: operator.ge, ast.Lt: operator.lt, ast.LtE: operator.le}


def evaluate(expression: str, values: Mapping[str, float | None]) -> float | None:
    """Return the value of an expression, or None where CloudWatch would have no data point."""
    spelled = expression.replace(" AND ", " and ").replace(" OR ", " or ").replace("IF(", "IF_(")
    return _value(ast.parse(spelled, mode="eval").body, values)


def _value(node: ast.expr, values: Mapping[str, float | None]) -> Any:
    match node:
        case ast.Constant(value=value):
            pass
        case ast.Name(id=name):
            value = values[name]
        case ast.Call(func=ast.Name(id="FILL"), args=[metric, filling]):
            known = _value(metric, values)
            value = _value(filling, values) if known is None else known
        case ast.Call(func=ast.Name(id="IF_"), args=[condition, yes, no]):
            chosen = _value(condition, values)
            value = None if chosen is None else _value(yes if chosen else no, values)
        case ast.BoolOp(op=op, values=parts):
            known = [_value(part, values) for part in parts]
            value = None if None in known else (all if isinstance(op, ast.And) else any)(known)
        case ast.Compare(left=left, ops=[comparison], comparators=[right]):
            value = _combined(_COMPARISONS[type(comparison)], left, right, values)
        case ast.BinOp(left=left, op=op, right=right):
            value = _combined(_ARITHMETIC[type(op)], left, right, values)
        case _:
            raise ValueError(f"not understood: {ast.unparse(node)}")
    return value


def _combined(combine: Any, left: ast.expr, right: ast.expr, values: Mapping[str, float | None]) -> Any:
    one, other = _value(left, values), _value(right, values)
    if one is None or other is None:
        return None
    try:
        return combine(one, other)
    except ZeroDivisionError:
        return None
