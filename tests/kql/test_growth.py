"""Texts that a query builds have a bound, which is met before it runs."""

from __future__ import annotations

import pytest

from lazulite import kql
from lazulite.engine import Schema
from lazulite.logs.database import WorkspaceDatabase

OPTIONS = kql.Options(now=0)
EMPTY = WorkspaceDatabase(Schema(0, {}), ())
DOUBLED = "".join(f" | extend a{n + 1} = strcat(a{n}, a{n})" for n in range(20))


def compiled(query: str) -> kql.Compiled:
    return kql.compile(query, EMPTY, OPTIONS)


@pytest.mark.parametrize(
    "query",
    [
        "range n from 1 to 9 step 1 | extend a0 = strrep('x', 64)" + DOUBLED,
        "range n from 1 to 9 step 1 | extend a = tostring(repeat('x', n)) | extend b = strrep(a, 32)",
        "range n from 1 to 9 step 1 | extend a = strrep(strrep(strrep('xy', 64), 64), 64)",
        "range n from 1 to 9 step 1 | extend a = strrep(strrep(tostring(n), n), n)",
        "range n from 1 to 9 step 1 | extend a = replace_string(strrep('x', n), 'x', strrep('y', n))",
        "range n from 1 to 9 step 1 | extend a = strlen(strrep(strrep('x', 1000), 1000))",
        "range n from 1 to 9 step 1 | extend a0 = tostring(n) | where strlen(strrep(strrep(a0, n), n)) > 3",
        "print x = 1 | extend a0 = strrep('x', x) | summarize a = strcat(strrep(take_any(a0), 1024), 'x') by x",
        "range n from 1 to 9 step 1 | extend a = strcat_delim(strrep('-', n), strrep('x', n), '')"
        " | union (print a = 'b') | extend b = strrep(a, 1024)",
        "let f = (t: string) { strcat(t, t, t, t, t, t, t, t) }; range n from 1 to 9 step 1"
        " | extend a = f(f(f(f(f(f(tostring(n)))))))",
        "range n from 1 to 9 step 1 | extend a = strrep(toscalar(range m from 1 to 9 step 1"
        " | extend b = strrep('x', m) | project b), n)",
    ],
)
def test_a_text_that_grows_without_end_is_refused(query: str) -> None:
    with pytest.raises(kql.KqlError, match=r"^LIM0001: The query builds texts of about [\d,]+ KB a row; at most 256"):
        compiled(query)


@pytest.mark.parametrize(
    "query",
    [
        "print strrep('█', 1000)",
        "range n from 1 to 9 step 1 | extend bar = strrep('█', n), empty = strrep('x', -1)",
        "datatable(a: string, b: string)['x', 'y'] | extend c = strcat(a, ': ', b), d = replace_string(a, b, 'abc')",
        "datatable(a: string)['x'] | extend b = strcat_delim(', ', a, a, a, a), c = url_encode_component(a)",
        f"print split('{'a,' * 200_000}', ',')",
        "datatable(a: string)['x'] | where a in (dynamic([" + ", ".join(f"'{n:09}'" for n in range(40_000)) + "]))",
    ],
)
def test_what_people_write_is_not(query: str) -> None:
    assert compiled(query).columns
