"""The two forms of a metric point: as the intake keeps it in a batch, and as the engine stores it.

    record -> records.py -> batch form (names)  -> intake -> store.py -> stored form (series ids) -> engine

A point is what one series measured within one minute. Several points of one series and minute are partial, and are
merged by aggregating again: counts and sums add, minimum and maximum bound. `last` is null where it is not known.
"""

from __future__ import annotations

import pyarrow as pa

from lazulite import kql
from lazulite.core.clock import TICKS_PER_MINUTE

SPACE = "_metrics"
POINT = "point"
SERIES = "series"

MAX_DIMENSIONS = 10
MAX_DIMENSION_LENGTH = 256

# A series id is `group << GROUP_SHIFT | ordinal`, a group being one metric of one resource. So a whole metric is one
# range of ids, which a query can name (and zone maps can prune) without a list.
GROUP_SHIFT = 32

MEASURES = ("count", "sum", "min", "max", "last")

POINT_COLUMNS = pa.schema(
    [
        ("t", pa.int64()),
        ("namespace", pa.string()),
        ("metric", pa.string()),
        ("dimensions", pa.string()),
        *((name, pa.float64()) for name in MEASURES),
    ]
)

STORED_POINT = (
    kql.Column("t", "datetime"),
    kql.Column("series", "long"),
    kql.Column("seq", "long"),
    *(kql.Column(name, "real") for name in MEASURES),
)

# `seen` is the minute of a recent point. The row of a series is written again when `seen` is a week behind, so that
# rows of series long gone can expire by time alone (the table is append-only like every other).
STORED_SERIES = (
    kql.Column("id", "long"),
    kql.Column("resource_id", "string"),
    kql.Column("namespace", "string"),
    kql.Column("metric", "string"),
    kql.Column("dimensions", "string"),
    kql.Column("seen", "datetime"),
)


def minute_of(ticks: int) -> int:
    """The start of the minute that contains `ticks`."""
    return ticks - ticks % TICKS_PER_MINUTE
