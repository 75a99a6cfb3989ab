"""Values as senders write them -> one typed Arrow column in storage form (core.batch).

A column of the plain JSON type is built in one call. Otherwise each value is converted on its own, as Azure does where
the meaning is clear ("12" in an int column, 12 in a string column), and those that cannot be are named.

| Kusto type | takes |
| --- | --- |
| string | text up to LI_FIELD_SIZE; any other JSON value as its JSON text; null is "" |
| int, long | whole numbers in range, also as 12.0 or "12"; "" is null |
| real | numbers, also as text, NaN and Infinity as text; "" is null |
| bool | true and false, also as text or as 0 and 1; "" is null |
| datetime, timespan | text as kql.ticks reads it (ISO 8601, any offset; "1.02:03:04"); "" is null |
| dynamic | any JSON value within engine.dynamics; text that holds JSON is that JSON, other text is a JSON string |
| guid, decimal | text of one |
"""

from __future__ import annotations

import math
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from lazulite.core.clock import UNIX_EPOCH_TICKS
from lazulite.engine import dynamics
from lazulite.kql import ticks

# Azure's limit of a field, in UTF-8 bytes. The engine reads 2 048 values of a column at once: without a limit, so many
# long texts are more memory than there is, for a query and for the checkpoint that writes them.
LI_FIELD_SIZE = 64 * 1024
# Arrow reads these into nanoseconds without overflow; everything else goes through kql.ticks.
_PLAIN_DATETIME = r"^(1[7-9]|20|21)\d\d-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,7})?Z$"
_NOT_PLAIN = (pa.ArrowInvalid, pa.ArrowTypeError, UnicodeEncodeError, OverflowError)
_SHOWN = 100
_TRUTH = {"true": True, "false": False, "1": True, "0": False}


class Unfit(ValueError):
    """A value of a type that the column takes, past a bound that the message names."""


@dataclass(frozen=True)
class Column:
    """One column of as many rows as values were given; `bad` says for each row that has no value here what was sent."""

    array: Any
    bad: dict[int, str]


@dataclass(frozen=True)
class Form:
    """How a Kusto type is read. `plain` builds a whole column or raises one of `_NOT_PLAIN`."""

    arrow: Any
    plain: Callable[[Sequence[Any]], Any]
    convert: Callable[[Any], Any]


def column(kusto_type: str, values: Sequence[Any]) -> Column:
    """Build a column. Never raises for what a sender wrote."""
    form = FORMS[kusto_type]
    try:
        return Column(form.plain(values), {})
    except _NOT_PLAIN:
        return _one_by_one(form, values)


def _one_by_one(form: Form, values: Sequence[Any]) -> Column:
    converted: list[Any] = []
    bad: dict[int, str] = {}
    for row, value in enumerate(values):
        try:
            converted.append(form.convert(value))
        except (ValueError, TypeError, OverflowError, RecursionError, InvalidOperation) as error:
            bad[row] = _shown(value) + (f" ({error})" if isinstance(error, Unfit) else "")
            converted.append(None)
    array = pa.array(converted, form.arrow)
    return Column(pc.fill_null(array, "") if form is FORMS["string"] else array, bad)


def _shown(value: Any) -> str:
    text = repr(value) if not isinstance(value, str) else f"'{value}'"
    return printable(text if len(text) <= _SHOWN else text[:_SHOWN] + "...")


def printable(text: str) -> str:
    """Text that UTF-8 can carry: half surrogate pairs become escapes."""
    return text.encode("utf-8", "backslashreplace").decode()


def _plain_strings(values: Sequence[Any]) -> Any:
    texts = pc.fill_null(pa.array(values, pa.string()), "")
    if (pc.max(pc.binary_length(texts)).as_py() or 0) > LI_FIELD_SIZE:
        raise pa.ArrowInvalid("too long")
    return texts


# The types are looked at first because Arrow alone would take True as 1.0 and 7.0 as 7 without a word.
def _plain_of(arrow: Any, *types: type) -> Callable[[Sequence[Any]], Any]:
    allowed = {*types, type(None)}

    def build(values: Sequence[Any]) -> Any:
        if not set(map(type, values)) <= allowed:
            raise pa.ArrowTypeError("not plain")
        return pa.array(values, arrow)

    return build


def _plain_datetimes(values: Sequence[Any]) -> Any:
    text = pa.array(values, pa.string())
    if pc.all(pc.match_substring_regex(text, _PLAIN_DATETIME)).as_py() is False:
        raise pa.ArrowTypeError("not plain")
    nanoseconds = text.cast(pa.timestamp("ns", "UTC")).cast(pa.int64())
    return pc.add(pc.divide(nanoseconds, 100), UNIX_EPOCH_TICKS)


def _never_plain(values: Sequence[Any]) -> Any:
    if any(value is not None for value in values):
        raise pa.ArrowTypeError("not plain")
    return pa.nulls(len(values), pa.string())


def _string(value: Any) -> str | None:
    if value is None:
        return None
    text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
    size = len(text.encode())
    if size > LI_FIELD_SIZE:
        raise Unfit(f"{size} bytes; a field has at most {LI_FIELD_SIZE}")
    return text


def _whole(bits: int) -> Callable[[Any], int | None]:
    limit = 1 << (bits - 1)

    def convert(value: Any) -> int | None:
        if value is None or value == "":
            return None
        # True is an int to Python, and no number to Kusto.
        if isinstance(value, bool) or (isinstance(value, float) and not value.is_integer()):
            raise ValueError
        number = int(value) if isinstance(value, str | int | float) else _refuse()
        return number if -limit <= number < limit else _refuse()

    return convert


def _refuse() -> Any:
    raise ValueError


def _real(value: Any) -> float | None:
    if value is None or value == "":
        return None
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise ValueError
    number = float(value)
    return number if isinstance(value, str) or math.isfinite(number) else _refuse()


def _bool(value: Any) -> bool | None:
    if value is None or value == "" or isinstance(value, bool):
        return value if value != "" else None
    if not isinstance(value, str | int):
        raise ValueError
    found = _TRUTH.get(str(value).strip().lower())
    return found if found is not None else _refuse()


def _ticks(parse: Callable[[str], int | None]) -> Callable[[Any], int | None]:
    def convert(value: Any) -> int | None:
        if value is None or value == "":
            return None
        found = parse(value.strip()) if isinstance(value, str) else None
        return found if found is not None else _refuse()

    return convert


def _dynamic(value: Any) -> str | None:
    if value is None:
        return None
    text = value if isinstance(value, str) and _is_json(value) else msgspec.json.encode(value).decode()
    fault = dynamics.fault_of(text)
    if fault:
        raise Unfit(f"{fault}; send it in parts")
    return text


def _is_json(text: str) -> bool:
    try:
        msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):
        return False
    return True


def _guid(value: Any) -> str | None:
    return None if value is None or value == "" else str(uuid.UUID(value if isinstance(value, str) else _refuse()))


def _decimal(value: Any) -> str | None:
    if value is None or value == "":
        return None
    number = Decimal(str(value) if not isinstance(value, bool | dict | list) else _refuse())
    return format(number, "f") if number.is_finite() and abs(number.adjusted()) < 40 else _refuse()


FORMS: dict[str, Form] = {
    "string": Form(pa.string(), _plain_strings, _string),
    "int": Form(pa.int32(), _plain_of(pa.int32(), int), _whole(32)),
    "long": Form(pa.int64(), _plain_of(pa.int64(), int), _whole(64)),
    "real": Form(pa.float64(), _plain_of(pa.float64(), int, float), _real),
    "bool": Form(pa.bool_(), _plain_of(pa.bool_(), bool), _bool),
    "datetime": Form(pa.int64(), _plain_datetimes, _ticks(ticks.parse_datetime)),
    "timespan": Form(pa.int64(), _never_plain, _ticks(ticks.parse_timespan)),
    "dynamic": Form(pa.string(), _never_plain, _dynamic),
    "guid": Form(pa.string(), _never_plain, _guid),
    "decimal": Form(pa.string(), _never_plain, _decimal),
}
