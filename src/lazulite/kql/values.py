"""Column values on their way between Arrow and Python: ticks for moments, parsed JSON for a dynamic, None for null."""

from __future__ import annotations

import json
import math
from typing import Any, Final

import pyarrow as pa

from lazulite.kql import types
from lazulite.kql.literals import DECIMAL_PLACES

ARROW: Final = {
    types.BOOL: pa.bool_(),
    types.INT: pa.int32(),
    types.LONG: pa.int64(),
    types.REAL: pa.float64(),
    types.DATETIME: pa.int64(),
    types.TIMESPAN: pa.int64(),
}


def python_values(kind: str, column: Any) -> list[Any]:
    """The values of an Arrow column."""
    values = column.to_pylist()
    if kind != types.DYNAMIC:
        return list(values)
    return [None if text is None else json.loads(text) for text in values]


def arrow_array(kind: str, values: list[Any]) -> Any:
    """The Arrow column of values; a string is never null."""
    if kind == types.DYNAMIC:
        return pa.array([None if value is None else json_text(value) for value in values], pa.string())
    if kind == types.STRING:
        return pa.array(["" if value is None else value for value in values], pa.string())
    if kind == types.DECIMAL:
        return pa.array(values, pa.decimal128(38, DECIMAL_PLACES))
    return pa.array(values, ARROW.get(kind, pa.string()))


def json_text(value: Any) -> str:
    """A dynamic as JSON."""
    try:
        return json.dumps(value, ensure_ascii=False, allow_nan=False)
    except ValueError:
        return json.dumps(_finite(value), ensure_ascii=False, allow_nan=False)


def _finite(value: Any) -> Any:
    """JSON has no NaN and no infinity: they are text in a dynamic."""
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, list):
        return [_finite(one) for one in value]
    return {key: _finite(one) for key, one in value.items()} if isinstance(value, dict) else value
