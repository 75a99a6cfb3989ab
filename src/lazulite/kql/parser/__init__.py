"""Tokens -> syntax tree: hand-written recursive descent, with precedence climbing for expressions.

cursor.py       a place in the tokens, and the bound on nesting
expressions.py  scalar expressions
constants.py    dynamic(...) and other constants
operators.py    what stands after a `|`: one table from word to function
parts.py        what several operators have: options, wildcards, sort keys, tables
rows.py, shapes.py, relations.py, contexts.py, searching.py, tables.py  the operators themselves
queries.py      statements, sources, pipelines
"""

from lazulite.kql.parser.operators import OPERATORS, REFUSED
from lazulite.kql.parser.queries import parse

__all__ = ["OPERATORS", "REFUSED", "parse"]
