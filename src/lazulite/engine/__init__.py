"""Storage engines behind one interface: DuckDB embedded. All that is stored and asked goes through `Engine`."""

from lazulite.engine.interface import (
    Answer,
    Append,
    Delivered,
    Delivery,
    Engine,
    EngineRefused,
    Expiry,
    QueryCancelled,
    QueryLimits,
    Schema,
    StoredTable,
)

__all__ = [
    "Answer",
    "Append",
    "Delivered",
    "Delivery",
    "Engine",
    "EngineRefused",
    "Expiry",
    "QueryCancelled",
    "QueryLimits",
    "Schema",
    "StoredTable",
]
