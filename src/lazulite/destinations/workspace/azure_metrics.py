"""Platform metric points -> rows of AzureMetrics, one a point, with the dimensions that Azure leaves out.

Names of the resource stand in capitals, as Azure writes them into this table.
"""

from __future__ import annotations

from collections.abc import Callable

import pyarrow as pa
import pyarrow.compute as pc

from lazulite.catalog import metric
from lazulite.core.batch import StoredBatch
from lazulite.core.resource_id import ResourceId, parse
from lazulite.destinations.workspace.standard import constant

TABLE = "AzureMetrics"
_MEASURES = {"Total": "sum", "Count": "count", "Minimum": "min", "Maximum": "max"}


def metric_rows(batch: StoredBatch) -> pa.Table:
    """Own columns of AzureMetrics and TimeGenerated, from points in metrics.points.POINT_COLUMNS."""
    points = batch.rows
    where = parse(batch.resource_id)
    return pa.table(
        {
            "TimeGenerated": points["t"],
            "MetricName": points["metric"],
            **{column: points[measure] for column, measure in _MEASURES.items()},
            "Average": pc.divide(points["sum"], points["count"]),
            "UnitName": _mapped(points["metric"], lambda name: _unit(where, name)),
            "Dimensions": points["dimensions"],
            **{name: constant(text, points.num_rows) for name, text in _about(where).items()},
        }
    )


def _about(where: ResourceId) -> dict[str, str]:
    return {
        "TimeGrain": "PT1M",
        "Resource": where.name.upper(),
        "ResourceGroup": (where.resource_group or "").upper(),
        "ResourceId": where.text.upper(),
        "ResourceProvider": where.segments[-1].namespace.upper() if where.segments else "",
        "SubscriptionId": (where.subscription or "").upper(),
    }


def _unit(where: ResourceId, name: str) -> str:
    found = metric(where.type, name)
    return "" if found is None else found.unit


def _mapped(names: pa.ChunkedArray, meaning: Callable[[str], str]) -> pa.Array:
    """Each distinct text looked up once."""
    coded = names.combine_chunks().dictionary_encode()
    return pa.array([meaning(name) for name in coded.dictionary.to_pylist()], pa.string()).take(coded.indices)
