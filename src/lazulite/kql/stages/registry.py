"""One table from a stage's name to its function."""

from __future__ import annotations

from typing import Final

from lazulite.kql.stages.baskets import basket
from lazulite.kql.stages.record import TableFunction
from lazulite.kql.stages.scanning import scan
from lazulite.kql.stages.schemas import merged
from lazulite.kql.stages.windows import window

TABLES: Final[dict[str, TableFunction]] = {"scan": scan, "window": window, "schema_merge": merged, "basket": basket}
