"""What the author of a wrong query is told: code, place, token, and the name that was probably meant."""

from __future__ import annotations

import pytest

from lazulite.kql import KqlError, operators, run
from lazulite.kql.errors import closest
from lazulite.kql.parser import REFUSED

T = "datatable(Name:string, Count:long, Total:long)[] | "


def wrong(query: str) -> KqlError:
    with pytest.raises(KqlError) as error:
        run(query, {})
    return error.value


@pytest.mark.parametrize(
    ("query", "code", "token"),
    [
        ("", "SYN0002", ""),
        ("print 1 |", "SYN0002", ""),
        ("print (1", "SYN0002", ""),
        ("Nowhere", "SEM0100", "Nowhere"),
        (T + "where Nam == ''", "SEM0100", "Nam"),
        ("print nofunction(1)", "SEM0260", "nofunction(1)"),
        ("print strlen()", "SEM0219", "strlen()"),
        ("print strlen('a', 'b')", "SEM0219", "strlen('a', 'b')"),
        ("print sqrt('a')", "SEM0100", "sqrt('a')"),
        ("let f = (x:long) { x }; print f()", "SEM0219", "f()"),
        ("let f = (x:long) { x }; print f(1, 2)", "SEM0219", "f(1, 2)"),
        ("print 1 < 'x'", "SEM0064", "1 < 'x'"),
        ("print true < false", "SEM0064", "true < false"),
        ("print now() == 1d", "SEM0064", "now() == 1d"),
        ("let t = datatable(a:long)[1]; print (t | count) + 1", "SEM0085", "t | count"),
        ("print negate(1)", "SEM0260", "negate(1)"),
        ("print has('a', 'a')", "SEM0260", "has('a', 'a')"),
        ("print $restart(1)", "SYN0002", "$restart"),
        ("1 + 1", "SEM0003", "1 + 1"),
        ("let f = () { 1 }; f()", "SEM0003", "f()"),
        (".show tables", "UNS0001", "show"),
        ("SELECT * FROM T", "SYN0002", "SELECT"),
        ("print ago(1dd)", "SYN0002", "1dd"),
        ("print 1 | make-graph a --> b", "UNS0001", "make"),
        ("print 99999999999999999999", "SYN0002", "99999999999999999999"),
    ],
)
def test_every_error_has_a_code_and_a_place(query: str, code: str, token: str) -> None:
    error = wrong(query)
    assert (error.code, error.token) == (code, token)
    assert query[error.start : error.end] == token
    assert error.line == 1
    assert error.column == error.start + 1


@pytest.mark.parametrize(
    ("query", "suggestion"),
    [
        (T + "where Nmae == ''", "Name"),
        (T + "where name == ''", "Name"),
        (T + "project Cuont", "Count"),
        (T + "summarize cout()", "count"),
        (T + "summarize summ(Count)", "sum"),
        (T + "summarize ag(Count)", "avg"),
        ("print ag(1d)", "ago"),
        (T + "summarize dcont(Name)", "dcount"),
        ("let double = (x:long) { x * 2 }; print duble(1)", "double"),
        (T + "wher Count > 1", "where"),
        (T + "sumarize count()", "summarize"),
        (T + "projct-away Name", "project-away"),
        (T + "mv-expnd Name", "mv-expand"),
        (T + "wehre Count > 1 | nothing", "where"),
        ("print 1 where x", "| where"),
        ("datatable(a:strng)[]", "string"),
        (T + "join kindd=inner (print Name = '') on Name", "kind"),
        ("union withsourc=T (print 1)", "withsource"),
        (T + "join (print Name = '') on $lft.Name == $right.Name", "$left"),
        (T + "sort by Name dsc", "desc"),
        (T + "sort by Name asc nulls frist", "first"),
        (T + "make-series count() on Total from 1 to 2 stp 1", "step"),
        (T + "summarize Nmae, count() by Name", "Name"),
        (T + "summarize Name", None),
        ("print 'a' + 'b'", "strcat()"),
        ("print typeof(lon)", "long"),
        (T + "where Name = 'x'", "=="),
        (T + "where Name == 'x' && Count > 1", "and"),
        (T + "where Name == 'x' || Count > 1", "or"),
        (T + "where (Name startwith 'x')", "startswith"),
        (T + "where Name contain 'x'", "contains"),
        (T + "where Name like 'x'", "contains"),
        (T + "where Name is null", "isnull()"),
        (T + "where Name == 'x' AND Count > 1", "and"),
        (T + "where !(Count > 1)", "not()"),
        (T + "summarize count() group by Name", "by"),
        (T + "project Name as x", "="),
        (T + "where Name betwen ('a' .. 'b')", "between"),
        (T + "WHERE Count > 1", "where"),
        (T + "where Count # 1", "//"),
        ("let Jobs = datatable(a:long)[]; Job | count", "Jobs"),
        (T + "join kind=iner (print Name = '') on Name", "inner"),
        ("print quite_unlike_anything(1)", None),
    ],
)
def test_the_name_that_was_probably_meant(query: str, suggestion: str | None) -> None:
    error = wrong(query)
    assert error.suggestion == suggestion
    assert suggestion is None or str(error).endswith(f"Did you mean '{suggestion}'?")


def test_of_two_as_near_the_preferred_then_that_which_only_misses_letters() -> None:
    assert closest("cont", ["cot", "count", "cent"]) == "count"
    assert closest("mx", ["max", "exp", "my"]) == "max"
    assert closest("tab", ["tan", "table"], preferred=["tan"]) == "tan"
    assert closest("sm", ["sim", "sum"], preferred=["sum"]) == "sum"
    assert closest("x" * 50, ["y" * 50]) is None
    assert closest("", ["a"]) == "a"
    assert closest("a", []) is None


def test_internal_names_are_never_suggested() -> None:
    assert wrong("print restart(1)").suggestion is None
    assert "$" not in (wrong("print $restart(1)").suggestion or "")


@pytest.mark.parametrize("name", sorted(REFUSED))
def test_an_operator_that_is_not_run_is_named(name: str) -> None:
    error = wrong(f"print a = 1 | {name} a")
    assert error.code == "UNS0001"
    assert f"'{name}'" in error.message
    assert name.startswith(error.token)


def test_every_operator_is_listed_once() -> None:
    names = [operator.name for operator in operators()]
    assert len(names) == len(set(names))


def test_a_column_outside_of_aggregates_is_told_as_that() -> None:
    assert "'Name' is neither a key after 'by' nor inside of an aggregate" in str(wrong(T + "summarize Name"))


def test_a_sign_is_told_as_it_is_written() -> None:
    assert str(wrong("print -'a'")).startswith("SEM0100: '-' takes")


@pytest.mark.parametrize("plugin", ["python(typeof(*), 'x')", "r(typeof(*, a: long), 'x')", "sql_request('a', 'b')"])
def test_a_plugin_that_is_not_run_is_named(plugin: str) -> None:
    error = wrong(T + f"evaluate {plugin}")
    assert error.code == "UNS0001"
    assert plugin.partition("(")[0].lower() in error.message.lower()


def test_an_error_in_a_later_line_has_the_column_of_that_line() -> None:
    error = wrong("print a = 1\n// a comment\n| where b == 1")
    assert (error.line, error.column, error.token) == (3, 9, "b")
