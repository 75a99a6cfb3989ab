"""Kusto's scalar types by name, their aliases, and which one a mixture of numbers becomes."""

from __future__ import annotations

from typing import Final

BOOL: Final = "bool"
INT: Final = "int"
LONG: Final = "long"
REAL: Final = "real"
DECIMAL: Final = "decimal"
STRING: Final = "string"
DATETIME: Final = "datetime"
TIMESPAN: Final = "timespan"
GUID: Final = "guid"
DYNAMIC: Final = "dynamic"

SCALARS: Final = (BOOL, INT, LONG, REAL, DECIMAL, STRING, DATETIME, TIMESPAN, GUID, DYNAMIC)
ALIASES: Final = {
    "boolean": BOOL,
    "int32": INT,
    "int64": LONG,
    "double": REAL,
    "date": DATETIME,
    "time": TIMESPAN,
    "uuid": GUID,
    "uniqueid": GUID,
    **{name: name for name in SCALARS},
}
# Narrow to wide: a mixture of numbers takes the widest.
NUMBERS: Final = (INT, LONG, REAL, DECIMAL)
INTEGERS: Final = (INT, LONG)
# The one long without a negative: what negates it overflows.
LEAST_LONG: Final = -(1 << 63)
DOTNET: Final = {
    BOOL: "System.SByte",
    INT: "System.Int32",
    LONG: "System.Int64",
    REAL: "System.Double",
    DECIMAL: "System.Data.SqlTypes.SqlDecimal",
    STRING: "System.String",
    DATETIME: "System.DateTime",
    TIMESPAN: "System.TimeSpan",
    GUID: "System.Guid",
    DYNAMIC: "System.Object",
}


def absent(kind: str) -> str | None:
    """What stands where there is no value: strings are never null."""
    return "" if kind == STRING else None


def widest(*types: str) -> str:
    """The type that numbers of these types are computed in."""
    return max(types, key=NUMBERS.index)


def common(types: list[str]) -> str | None:
    """The type that branches of `iff`, `case` and the like share, or None when they share none."""
    kinds = set(types)
    if len(kinds) == 1:
        return types[0]
    if kinds <= set(NUMBERS):
        return widest(*types)
    if DYNAMIC in kinds:
        return DYNAMIC
    return None
