"""Plan -> SQL. `printer` is the only module that builds SQL text; what belongs to one engine is in its dialect table.

dialect.py     what a dialect must say
duckdb.py      DuckDB's table: literals, conversions, members of dynamics, rows of ranges
expressions.py printed expressions
printer.py     printed relations
"""

from lazulite.kql.sql.printer import Stage, render

__all__ = ["Stage", "render"]
