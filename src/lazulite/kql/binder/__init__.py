"""Syntax tree -> plan: names become columns, types are checked, and nothing after this looks at text.

scope.py        what names mean: relations, columns, variables, functions
names.py        how a column without a name is called
conversion.py   types made to fit: conversions and comparisons
    simplify.py     rewrites that let the engine read less
expressions.py  scalar expressions
applied.py      functions of the table that the binder itself applies
calls.py        functions of the table, of the author, and special forms
special.py      functions that read the text of their call
local_calls.py  calls that a local stage makes
operators.py    what stands after a `|`: one table
projections.py  project and its kin, extend, distinct
rows.py         where, sort, take, top, serialize, count, getschema
grouping.py     summarize
partitions.py   rows that keep to their partition: filters, limits and groups inside of mv-apply and partition
applying.py     mv-apply, partition
nesting.py      top-hitters, top-nested
joining.py      join, lookup
uniting.py      union; searching.py search, finding.py find
evaluating.py   evaluate; plugins/ has its plugins, discovery.py asks the data for columns
shaping.py      parse, mv-expand
queries.py      statements and sources
"""

from lazulite.kql.binder.queries import bind
from lazulite.kql.binder.scope import Bound

__all__ = ["Bound", "bind"]
