"""Plan -> SQL. What belongs to one engine is in its dialect table.

dialect.py      what a dialect must say
duckdb.py       DuckDB's table: literals, members of dynamics, joins, rows of ranges
duckdb_conversions.py  its conversions between types
expressions.py  printed expressions
printer.py      nested plans within bounds, and stages
sources.py, relations.py  one form a plan node
rendering.py    a bound query as its stages
"""

from lazulite.kql.sql.printer import Stage
from lazulite.kql.sql.rendering import render

__all__ = ["Stage", "render"]
