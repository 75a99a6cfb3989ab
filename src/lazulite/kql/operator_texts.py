"""How each tabular operator is written and what it does, in a line: for editors and the documentation.

`Text(syntax, doc)`; sources stand where a query begins, special forms look like functions and are bound apart.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Text:
    """How it is written, and what it does."""

    syntax: str
    doc: str


OPERATORS: Final = {
    "as": Text("as Name", "Names the rows so far, for a union's withsource and for later use."),
    "assert-schema": Text("assert-schema (Name: type, ...)", "Fails unless the columns are these."),
    "consume": Text("consume [decodeblocks=bool]", "Reads all rows and returns none."),
    "count": Text("count", "The number of rows, in the column Count."),
    "distinct": Text("distinct Column, ...", "Each combination of the columns once; `*` takes all of them."),
    "evaluate": Text("evaluate Plugin(arguments)", "Runs a plugin, such as pivot or bag_unpack."),
    "execute-and-cache": Text("execute-and-cache", "Keeps the rows for later use of the same query."),
    "extend": Text("extend Name = expression, ...", "Adds columns; one of a name that exists takes its place."),
    "externaldata": Text("externaldata (Name: type, ...) [uri, ...]", "Reads rows from files elsewhere."),
    "facet": Text("facet by Column, ... [with (operators)]", "A table of counts for each of the columns."),
    "filter": Text("filter predicate", "The same as where."),
    "find": Text("find [in (tables)] where predicate [project ...]", "Rows of several tables for which it holds."),
    "fork": Text("fork [Name =] (operators) ...", "Runs several branches over the same rows: a table each."),
    "getschema": Text("getschema", "The columns and their types, as rows."),
    "graph-mark-components": Text("graph-mark-components", "Marks the connected components of a graph."),
    "graph-match": Text("graph-match pattern where ... project ...", "The places where a pattern occurs in a graph."),
    "graph-shortest-paths": Text("graph-shortest-paths pattern project ...", "The shortest paths in a graph."),
    "graph-to-table": Text("graph-to-table nodes | edges", "The nodes or edges of a graph as rows."),
    "invoke": Text("invoke function(arguments)", "Calls a function with the rows as its first argument."),
    "join": Text("join [kind=...] (table) on Column, ...", "Rows of two tables with equal keys, side by side."),
    "limit": Text("limit count", "The same as take."),
    "lookup": Text("lookup [kind=leftouter|inner] (table) on Column, ...", "Adds the columns of a dimension table."),
    "macro-expand": Text(
        "macro-expand entity_group as Name (query)", "Runs a query over each of a group of databases."
    ),
    "make-graph": Text("make-graph Source --> Target [with nodes on Key]", "Makes a graph of rows that are edges."),
    "make-series": Text(
        "make-series Name = aggregate() [default=x] on Column [from x to y] step z [by ...]",
        "An array of regular values over an axis, for each group.",
    ),
    "mv-apply": Text(
        "mv-apply Name = array [to typeof(type)] on (operators)", "Runs operators over the elements of a row."
    ),
    "mv-expand": Text(
        "mv-expand [with_itemindex=Name] Column [to typeof(type)]", "A row for each element of an array or bag."
    ),
    "mvexpand": Text("mvexpand Column", "The older name of mv-expand."),
    "order": Text("order by Column [asc|desc] [nulls first|last], ...", "The same as sort."),
    "parse": Text('parse [kind=...] Text with "literal" Name: type * ...', "Columns out of a text by a pattern."),
    "parse-kv": Text("parse-kv Text as (Key: type, ...) [with (...)]", "Columns out of the keys and values in a text."),
    "parse-where": Text(
        'parse-where [kind=...] Text with "literal" Name: type ...', "parse, without rows that do not fit."
    ),
    "partition": Text("partition by Column (operators)", "Runs operators over the rows of each value on its own."),
    "project": Text("project Name = expression, ...", "Exactly these columns, in this order."),
    "project-away": Text("project-away Column, ...", "All columns but these; names may have wildcards."),
    "project-by-names": Text("project-by-names names", "The columns whose names a dynamic array holds."),
    "project-keep": Text("project-keep Column, ...", "Only these columns, in their order; names may have wildcards."),
    "project-rename": Text("project-rename New = Old, ...", "Other names for columns."),
    "project-reorder": Text("project-reorder Column [asc|desc], ...", "These columns first, then the others."),
    "reduce": Text("reduce by Column [with threshold=x]", "Groups of texts that resemble each other."),
    "render": Text("render chart [with (property=value, ...)]", "Says how a client should draw the result."),
    "sample": Text("sample count", "So many rows, whichever."),
    "sample-distinct": Text("sample-distinct count of Column", "So many different values, whichever."),
    "scan": Text("scan [declare (...)] with (step Name: condition => ...; ...)", "Finds sequences of rows in order."),
    "search": Text('search [in (tables)] "term"', "Rows in which any column has the term."),
    "serialize": Text(
        "serialize [Name = expression, ...]", "Keeps the rows in order, so that window functions may follow."
    ),
    "sort": Text("sort by Column [asc|desc] [nulls first|last], ...", "The rows in this order; desc unless said."),
    "summarize": Text(
        "summarize Name = aggregate(), ... [by Column, ...]", "A row for each group, with aggregates over it."
    ),
    "take": Text("take count", "At most so many rows."),
    "top": Text("top count by Column [asc|desc]", "The first rows of an order."),
    "top-hitters": Text("top-hitters count of Column [by Weight]", "The values that are the most frequent."),
    "top-nested": Text(
        "top-nested count of Column by aggregate(), ...", "The first groups, and the first within each."
    ),
    "union": Text("union [kind=inner|outer] [withsource=Name] Table, ...", "All rows of several tables."),
    "where": Text("where predicate", "Rows for which the predicate is true."),
}
SOURCES: Final = {
    "datatable": Text("datatable (Name: type, ...) [value, ...]", "Rows written in the query."),
    "find": OPERATORS["find"],
    "print": Text("print Name = expression, ...", "One row of values."),
    "range": Text("range Name from low to high step s", "A column of regular values."),
    "search": OPERATORS["search"],
    "union": OPERATORS["union"],
}
STATEMENTS: Final = {
    "declare": Text("declare query_parameters (Name: type = default, ...);", "Parameters that a request may fill."),
    "let": Text("let Name = value;", "Names a value, a table or a function."),
    "set": Text("set option [= value];", "Sets an option of the query."),
}
SPECIAL: Final = {
    "now": Text("now([offset])", "The instant of the query, one for all of it."),
    "ago": Text("ago(timespan)", "So long before the instant of the query."),
    "toscalar": Text("toscalar(table)", "The first value of a table."),
    "materialize": Text("materialize(table)", "The rows of a table, computed once."),
    "column_ifexists": Text('column_ifexists("Name", default)', "The column, or the default where there is none."),
    "table": Text('table("Name")', "The table of this name, past variables of the same name."),
    "workspace": Text('workspace("name, id or ARM id").Table', "A table of another workspace."),
    "database": Text('database("name, id or ARM id").Table', "The same as workspace()."),
    "resource": Text('resource("ARM id").Table', "The rows of another resource, in a query of one."),
}
