"""A body of the records door -> typed batches, one a (resource, category), and the records that are none.

    body -> framing (records) -> placed by resource and category -> fields and columns (Arrow) -> Batch

There is one way for good and for bad bodies: whole columns at a time. A column in which some value does not fit is read
value by value, and the rows of such values are taken out with their reasons. So the same records give the same rows
however they are split into bodies.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from lazulite.catalog import Category, log_table
from lazulite.catalog import category as catalog_category
from lazulite.core.batch import ALL_METRICS, Batch
from lazulite.core.resource_id import ResourceId
from lazulite.metrics.records import decode_metric_records
from lazulite.routing import fields as record_fields
from lazulite.routing.columns import column, printable
from lazulite.routing.fields import TIME
from lazulite.routing.framing import Malformed, frame
from lazulite.routing.ownership import parsed
from lazulite.routing.placing import Place, Placed, Refusal, place
from lazulite.routing.rejected import RejectedRecord, cut

METRIC_DIMENSIONS = "_metricDimensions"
MAX_IGNORED = 100
_NOTHING: Mapping[str, Any] = {}


@dataclass(frozen=True)
class Decoded:
    """What a body holds. `ignored` names fields without a column, at most `MAX_IGNORED`; their records are taken."""

    batches: tuple[Batch, ...]
    accepted: int
    rejected: tuple[RejectedRecord, ...]
    ignored: tuple[str, ...] = ()


@dataclass
class _Outcome:
    """What has been read so far."""

    batches: list[Batch] = field(default_factory=list)
    rejected: list[RejectedRecord] = field(default_factory=list)
    ignored: set[str] = field(default_factory=set)


def decode(
    body: bytes,
    resource_id: ResourceId,
    category: str | None,
    received: int,
    known: Callable[[str], Category | None] = catalog_category,
) -> Decoded:
    """Decode a body sent for `resource_id`; without `category` each record names its own.

    `received` (ticks) dates records without a time. Raises BadRequest when the body has no framing or the category of
    the door is unknown or not this resource's, TooLarge past the limit of records.
    """
    records = frame(body)
    placed = place(records, resource_id, category, known)
    outcome = _Outcome()
    for index, refusal in placed.refused.items():
        outcome.rejected.append(_rejected(index, records[index], refusal, category or ""))
    for where, indexes in placed.groups.items():
        _read(outcome, where, _chosen(records, indexes, placed), indexes, received)
    rejected = tuple(sorted(outcome.rejected, key=lambda record: record.index))
    ignored = tuple(printable(name) for name in sorted(outcome.ignored)[:MAX_IGNORED])
    return Decoded(tuple(outcome.batches), len(records) - len(rejected), rejected, ignored)


def _chosen(records: list[Any], indexes: Sequence[int], placed: Placed) -> list[Any]:
    return records if placed.whole else [records[index] for index in indexes]


def _read(outcome: _Outcome, where: Place, records: list[Any], indexes: Sequence[int], received: int) -> None:
    read = _read_metrics if where.category == ALL_METRICS else _read_logs
    rows, refused = read(outcome, where, records, received)
    for row, refusal in refused.items():
        outcome.rejected.append(_rejected(indexes[row], records[row], refusal, where.category))
    if rows.num_rows:
        outcome.batches.append(Batch(where.resource, where.category, rows))


def _read_metrics(_: _Outcome, where: Place, records: list[Any], received: int) -> tuple[pa.Table, dict[int, Refusal]]:
    points = decode_metric_records(records, parsed(where.resource), received)
    return points.rows, {bad.index: Refusal(bad.code, bad.message) for bad in points.rejected}


def _read_logs(
    outcome: _Outcome, where: Place, records: list[Any], received: int
) -> tuple[pa.Table, dict[int, Refusal]]:
    table = log_table(where.table)
    if table is None:
        raise LookupError(f"The catalog's category {where.category} names the unknown table {where.table}.")
    keys: set[str] = set().union(*records)
    refused: dict[int, Refusal] = {}
    inner = _properties(records, keys, refused) if record_fields.spreads_properties(table) else []
    found = record_fields.resolve(table, keys, set().union(*inner))
    outcome.ignored |= found.ignored
    arrays: dict[str, pa.Array] = {}
    for name, sources in found.columns.items():
        kusto_type = table.types[name]
        built = column(kusto_type, sources.values(records, inner))
        arrays[name] = built.array
        for row, shown in built.bad.items():
            refused.setdefault(
                row, Refusal("InvalidValue", f"Column '{name}' is {kusto_type} and cannot hold {shown}.")
            )
    _add_time(arrays, len(records), received)
    _add_metric_dimensions(arrays, records, keys, refused)
    return _without(pa.table(arrays), refused), refused


def _properties(records: list[Any], keys: set[str], refused: dict[int, Refusal]) -> list[Mapping[str, Any]]:
    """The `properties` of each record, which Azure sends as an object or as the JSON text of one."""
    if "properties" not in keys:
        return []
    inner: list[Mapping[str, Any]] = []
    for row, record in enumerate(records):
        found = _object(record.get("properties"))
        if found is None:
            refused[row] = Refusal("InvalidProperties", "'properties' is neither an object nor the JSON text of one.")
        inner.append(found or _NOTHING)
    return inner


def _object(value: Any) -> Mapping[str, Any] | None:
    if isinstance(value, str) and value:
        try:
            value = msgspec.json.decode(value)
        except (msgspec.DecodeError, RecursionError, UnicodeEncodeError):
            return None
    if value is None or value == "":
        return _NOTHING
    return value if isinstance(value, dict) else None


def _add_time(arrays: dict[str, pa.Array], rows: int, received: int) -> None:
    given = arrays.get(TIME)
    arrays[TIME] = pa.array([received] * rows, pa.int64()) if given is None else pc.fill_null(given, received)


def _add_metric_dimensions(
    arrays: dict[str, pa.Array], records: list[Any], keys: set[str], refused: dict[int, Refusal]
) -> None:
    """`metricDimensions` travels with the row, for derived metrics; no table stores it."""
    if "metricDimensions" not in keys:
        return
    values = [record.get("metricDimensions") for record in records]
    built = column("dynamic", [value if isinstance(value, dict) else None for value in values])
    arrays[METRIC_DIMENSIONS] = built.array
    for row, value in enumerate(values):
        if row in built.bad or not (value is None or isinstance(value, dict)):
            refused.setdefault(row, Refusal("InvalidMetricDimensions", "'metricDimensions' is not a JSON object."))


def _without(rows: pa.Table, refused: Mapping[int, Refusal]) -> pa.Table:
    if not refused:
        return rows
    return rows.take(pa.array([row for row in range(rows.num_rows) if row not in refused], pa.int64()))


def _rejected(index: int, record: Any, refusal: Refusal, category: str) -> RejectedRecord:
    text = record.text if isinstance(record, Malformed) else _text(record)
    return RejectedRecord(index, refusal.code, printable(refusal.message), cut(text), printable(category))


def _text(record: Any) -> str:
    try:
        return msgspec.json.encode(record).decode()
    except (UnicodeEncodeError, RecursionError, msgspec.EncodeError):
        return repr(record)
