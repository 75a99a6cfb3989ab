"""`lazulite kql check` over KQL files, rules, saved queries, dashboards and workbooks."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lazulite.cli.query_files import Found, Unchecked, queries
from tests.cli.conftest import Outcome

Command = Callable[..., Outcome]
JOBS = "AmlComputeJobEvent"


@pytest.fixture
def written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, Any], str]:
    """Writes a file into the folder where the command runs."""
    monkeypatch.chdir(tmp_path)

    def write(name: str, content: Any) -> str:
        text = content if isinstance(content, str) else json.dumps(content, indent=2)
        (tmp_path / name).write_text(text, encoding="utf-8")
        return name

    return write


def texts(name: str, content: Any) -> list[str]:
    text = content if isinstance(content, str) else json.dumps(content)
    return [each.text.strip() for each in queries(name, text) if isinstance(each, Found)]


def reasons(name: str, content: Any) -> list[str]:
    return [each.reason for each in queries(name, json.dumps(content)) if isinstance(each, Unchecked)]


# ---- finding queries


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("", []),
        ("// only a comment\n", []),
        ("T | count", ["T | count"]),
        ("T | count\n\nU | count\n", ["T | count", "U | count"]),
        ("T\n\n| count\n\n\nU", ["T\n\n| count", "U"]),
        ("let a = 1;\n\nprint a\n\nprint 2", ["let a = 1;\n\nprint a", "print 2"]),
        ("// about T\n\nT", ["// about T\n\nT"]),
        ("print x = (\n\n1)\n\nprint 2", ["print x = (\n\n1)", "print 2"]),
        ("T |\n\ncount", ["T |\n\ncount"]),
        ("print ```a\n\nb```\n\nprint 2", ["print ```a\n\nb```", "print 2"]),
        ('print "open\n\nprint 2', ['print "open', "print 2"]),
        ("T\r\n\r\nU\r\n", ["T", "U"]),
        ("T\n \t\nU", ["T", "U"]),
        ('print "("\n\nprint "|"\n\nprint 3', ['print "("', 'print "|"', "print 3"]),
        ("print x = (1\n\n,\n\n2)\n\nprint 2", ["print x = (1\n\n,\n\n2)", "print 2"]),
    ],
)
def test_a_blank_line_ends_a_query_that_can_end_there(content: str, expected: list[str]) -> None:
    assert texts("x.kql", content) == expected


RULE = {
    "type": "Microsoft.Insights/scheduledQueryRules",
    "properties": {"criteria": {"allOf": [{"query": f"{JOBS} | count", "metricMeasureColumn": "Count"}]}},
}
OLD_RULE = {"properties": {"source": {"query": JOBS, "dataSourceId": "x"}}}
DASHBOARD = {
    "type": "Microsoft.Portal/dashboards",
    "properties": {
        "lenses": {
            "0": {
                "parts": {
                    "0": {
                        "metadata": {
                            "inputs": [{"name": "Query", "value": "T1"}, {"name": "Dimensions", "value": {"x": 1}}],
                            "settings": {"content": {"Query": "T2", "PartTitle": "a title"}},
                        }
                    }
                }
            }
        }
    },
}
ITEMS = {
    "version": "Notebook/1.0",
    "items": [
        {"type": 1, "content": {"json": "# Title"}},
        {"type": 3, "content": {"version": "KqlItem/1.0", "query": "W1", "queryType": 0}},
        {"type": 3, "content": {"version": "KqlItem/1.0", "query": "resources | count", "queryType": 1}},
        {"type": 3, "content": {"version": "KqlItem/1.0", "query": '{"version":"ARMEndpoint/1.0"}', "queryType": 12}},
        {"type": 12, "content": {"items": [{"type": 3, "content": {"query": "W2 | where a {Time}", "queryType": 0}}]}},
    ],
}
WORKBOOK = {"type": "microsoft.insights/workbooks", "properties": {"serializedData": json.dumps(ITEMS)}}


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (RULE, [f"{JOBS} | count"]),
        (OLD_RULE, [JOBS]),
        (DASHBOARD, ["T1", "T2"]),
        (ITEMS, ["W1", "W2 | where a {Time}"]),
        (WORKBOOK, ["W1", "W2 | where a {Time}"]),
        ({"resources": [RULE, {"resources": [WORKBOOK]}]}, [f"{JOBS} | count", "W1", "W2 | where a {Time}"]),
        ({"type": "Microsoft.OperationalInsights/workspaces/savedSearches", "properties": {"query": "S"}}, ["S"]),
        ({"type": "Microsoft.OperationalInsights/queryPacks/queries", "properties": {"body": "Q"}}, ["Q"]),
        ({"type": "Microsoft.ResourceGraph/queries", "properties": {"query": "resources"}}, ["resources"]),
        ({"variables": {"q": "V | count"}, "resources": [{"query": "[variables('q')]"}]}, ["V | count"]),
        ({"parameters": {"q": {"defaultValue": "P"}}, "x": {"query": "[parameters('q')]"}}, ["P"]),
        ({"query": '[["my table"] | count'}, ['["my table"] | count']),
        ({"query": 7}, []),
        ([1, "query", None], []),
    ],
)
def test_queries_are_found_inside_documents(content: Any, expected: list[str]) -> None:
    assert texts("x.json", content) == expected


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ({"query": "[concat('T', ' | count')]"}, "template expression"),
        ({"query": "[variables('gone')]"}, "template expression"),
        ({"query": "T | where a > x", "functionAlias": "F", "functionParameters": "x:long"}, "takes parameters"),
    ],
)
def test_what_cannot_be_checked_is_said(content: Any, reason: str) -> None:
    assert [reason in each for each in reasons("x.json", content)] == [True]


# ---- the command


def test_right_queries_pass(lazulite: Command, written: Callable[[str, Any], str]) -> None:
    parameters = {"items": [{"content": {"query": "W | where a {Time}"}}, {"content": {"query": "print 1"}}]}
    files = [
        written("a.kql", f"{JOBS} | take 1\n\nprint 1"),
        written("rule.json", RULE),
        written("w.workbook", parameters),
    ]
    outcome = lazulite("kql", "check", *files)
    assert outcome.status == 0
    note = "w.workbook:5:19: note: not checked: parameters of a workbook stand in the query"
    assert outcome.out.splitlines() == [note]
    assert outcome.err == "lazulite: 5 queries in 3 files, 0 problems\n"


def test_an_error_is_placed_in_its_file(lazulite: Command, written: Callable[[str, Any], str]) -> None:
    name = written("a.kql", f"print 1\n\n{JOBS}\n| where JobNam == 'x'\n\nprint 1 | wher x\n")
    outcome = lazulite("kql", "check", name)
    assert outcome.status == 1
    assert outcome.out.splitlines() == [
        "a.kql:4:9: SEM0100: There is no column named 'JobNam' Did you mean 'JobName'?",
        "a.kql:6:11: SYN0002: There is no operator 'wher' Did you mean 'where'?",
    ]


def test_an_error_is_placed_inside_json_and_inside_its_texts(
    lazulite: Command, written: Callable[[str, Any], str]
) -> None:
    broken = {"items": [{"type": 3, "content": {"query": f'{JOBS}\n| where Wrong == "é"', "queryType": 0}}]}
    name = written("w.json", {"serializedData": json.dumps(broken)})
    outcome = lazulite("kql", "check", name)
    assert outcome.status == 1
    place, message = outcome.out.split(": ", 1)
    file, line, column = place.split(":")
    assert (file, message.startswith("SEM0100: There is no column named 'Wrong'")) == ("w.json", True)
    assert Path(name).read_text().split("\n")[int(line) - 1][int(column) - 1 :].startswith("Wrong")


def test_a_rule_names_columns_of_its_result(lazulite: Command, written: Callable[[str, Any], str]) -> None:
    item = {
        "query": f"{JOBS} | summarize Failed = count() by ClusterName",
        "metricMeasureColumn": "Fails",
        "dimensions": [{"name": "ClusterName", "operator": "Include"}, {"name": "JobName"}],
    }
    outcome = lazulite("kql", "check", written("rule.json", {"criteria": {"allOf": [item]}}))
    assert outcome.status == 1
    assert [line.split(": ", 2)[2] for line in outcome.out.splitlines()] == [
        "The query's result has no column 'Fails'",
        "The query's result has no column 'JobName'",
    ]


def test_the_form_for_programs(lazulite: Command, written: Callable[[str, Any], str]) -> None:
    outcome = lazulite("kql", "check", written("a.kql", "print strlne('a')"), "--output", "json")
    assert outcome.status == 1
    assert json.loads(outcome.out) == [
        {
            "file": "a.kql",
            "line": 1,
            "column": 7,
            "severity": "error",
            "code": "SEM0260",
            "message": "There is no function named 'strlne'",
            "token": "strlne('a')",
            "suggestion": "strlen",
        }
    ]
    assert json.loads(lazulite("kql", "check", written("b.kql", "print 1"), "-o", "json").out) == []


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("LazuliteRejected | take 1", "There is no table or variable named 'LazuliteRejected'"),
        ("AzureMetrics | project Dimensions", "There is no column named 'Dimensions'"),
        (f"database('x').{JOBS} | take 1", "database() (use workspace()) is not supported"),
        (f"let w = 'x'; workspace(w).{JOBS} | take 1", "workspace() of anything but a literal is not supported"),
        (
            "union " + ", ".join(f"workspace('w{n}').{JOBS}" for n in range(100)),
            "names 100 workspaces, and at most 100 may be asked",
        ),
    ],
)
def test_what_azure_refuses_is_told_on_demand(
    lazulite: Command, written: Callable[[str, Any], str], query: str, message: str
) -> None:
    name = written("a.kql", query)
    assert lazulite("kql", "check", name).status == 0
    outcome = lazulite("kql", "check", "--azure", name)
    assert outcome.status == 1
    assert "(Azure)" in outcome.out
    assert message in outcome.out


def test_tables_of_a_server_take_the_catalogs_place(lazulite: Command, written: Callable[[str, Any], str]) -> None:
    schema = written("schema.json", {"tables": [{"name": "Mine_CL", "columns": [{"name": "a", "type": "long"}]}]})
    name = written("a.kql", "Mine_CL | where a > 1")
    assert lazulite("kql", "check", name).status == 1
    assert lazulite("kql", "check", name, "--schema", schema).status == 0
    assert lazulite("kql", "check", "--azure", name, "--schema", schema).status == 0


def test_columns_that_only_rows_decide_are_not_checked(lazulite: Command, written: Callable[[str, Any], str]) -> None:
    text = (
        "datatable(d:dynamic)[] | evaluate bag_unpack(d)\n\ndatatable(d:dynamic)[] | evaluate bag_unpack(d) : (a:long)"
    )
    outcome = lazulite("kql", "check", written("a.kql", text))
    assert outcome.status == 0
    assert outcome.out.startswith("a.kql:1:1: note: not checked: bag_unpack without data")


def test_braces_of_the_query_itself_are_no_parameters(lazulite: Command, written: Callable[[str, Any], str]) -> None:
    content = {"query": "let f = (x:long) {x}; print f(1)"}
    assert lazulite("kql", "check", written("a.json", content)).out == ""


def test_a_long_file_is_read_once(lazulite: Command, written: Callable[[str, Any], str]) -> None:
    outcome = lazulite("kql", "check", written("a.kql", "print (\n\n" * 20_000))
    assert outcome.status == 1
    assert "LIM0001" in outcome.out


def test_a_file_without_a_query_is_told(lazulite: Command, written: Callable[[str, Any], str]) -> None:
    outcome = lazulite("kql", "check", written("a.json", {"queri": "T"}))
    assert (outcome.status, outcome.out) == (0, "a.json:1:1: note: no query found\n")


@pytest.mark.parametrize(
    "arguments",
    [[], ["nowhere.kql"], ["--schema", "nowhere.json", "a.kql"], ["--output", "xml", "a.kql"], ["latin.kql"]],
)
def test_a_wrong_command_line_is_status_2(
    lazulite: Command, written: Callable[[str, Any], str], tmp_path: Path, arguments: list[str]
) -> None:
    written("a.kql", "print 1")
    (tmp_path / "latin.kql").write_bytes(b"print '\xe9'")
    assert lazulite("kql", "check", *arguments).status == 2


def test_a_document_that_is_none_is_an_error(lazulite: Command, written: Callable[[str, Any], str]) -> None:
    outcome = lazulite("kql", "check", written("a.json", '{"query": '))
    assert outcome.status == 1
    assert outcome.out == "a.json:1:11: FILE0001: This is not JSON: expected a value, but the end stands here\n"


def test_what_a_file_holds_cannot_write_to_the_terminal(lazulite: Command, written: Callable[[str, Any], str]) -> None:
    outcome = lazulite("kql", "check", written("a.kql", "\x1b[31m | count"))
    assert outcome.status == 1
    assert "\x1b" not in outcome.out + outcome.err
