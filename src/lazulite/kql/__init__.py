"""KQL, the Kusto Query Language: compiled to a typed plan and from there to SQL, and run on a DuckDB cursor.

    text -> tokens -> syntax tree -> bound, typed plan -> SQL (a dialect table) -> Arrow

`compile` takes the text, a `Database` (which tables there are and where their rows lie) and `Options` (the instant of
now(), a time range, a resource, limits), and raises `KqlError` with line, column and a suggestion. `local.execute` and
`local.stream` run what it gives. `run` does all of it over Arrow tables in memory. This package imports no other room.
"""

from lazulite.kql import local, ticks
from lazulite.kql.compiler import Compiled, Discover
from lazulite.kql.compiler import compile as compile  # noqa: A004
from lazulite.kql.documentation import functions, operators
from lazulite.kql.errors import KqlError, denied, limit, semantic, unsupported
from lazulite.kql.memory import run, run_all
from lazulite.kql.schema import Column, Database, Federation, Options, Other, Relation, Render, Table

__all__ = [
    "Column",
    "Compiled",
    "Database",
    "Discover",
    "Federation",
    "KqlError",
    "Options",
    "Other",
    "Relation",
    "Render",
    "Table",
    "compile",
    "denied",
    "functions",
    "limit",
    "local",
    "operators",
    "run",
    "run_all",
    "semantic",
    "ticks",
    "unsupported",
]
