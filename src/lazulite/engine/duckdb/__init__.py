"""The embedded engine: one DuckDB file, one writer thread, readers on their own cursors."""

from lazulite.engine.duckdb.engine import DuckDbEngine
from lazulite.engine.duckdb.settings import DuckDbSettings

__all__ = ["DuckDbEngine", "DuckDbSettings"]
