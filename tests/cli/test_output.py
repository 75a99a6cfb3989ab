"""Rows on a terminal: short columns stay whole, long ones fold, and nothing in them is obeyed."""

from __future__ import annotations

import io

import pytest

from lazulite.cli.output import Output, Rows, write
from lazulite.cli.safe_text import visible, visible_json


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def eighty_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("TERM", "dumb")


def shown(rows: Rows, output: Output = Output.table) -> str:
    stream = Terminal()
    write(rows, output, stream)
    return stream.getvalue()


def test_a_long_column_folds_and_the_others_stay_whole() -> None:
    rows = Rows([("TimeGenerated", "datetime"), ("Message", "string")], [["2026-01-01T00:00:00.0000000Z", "x" * 120]])
    text = shown(rows)
    assert "2026-01-01T00:00:00.0000000Z" in text
    assert max(map(len, text.splitlines())) <= 80
    assert text.count("x") == 120


def test_more_columns_than_room_still_show_everything() -> None:
    rows = Rows([(f"column{number}", "string") for number in range(12)], [["value" * 4] * 12])
    assert shown(rows).replace("\n", "").replace(" ", "").count("e") >= 12


def test_markup_in_data_is_text() -> None:
    assert "[bold red]" in shown(Rows([("x", "string")], [["[bold red]"]]))


@pytest.mark.parametrize("output", list(Output))
def test_no_form_lets_an_escape_through_to_a_terminal(output: Output) -> None:
    text = shown(Rows([("x\x1b", "string")], [["\x1b]0;t\x07\x9b"]]), output)
    assert not set(text) & {"\x1b", "\x07", "\x9b"}


def test_cells_of_every_type() -> None:
    stream = io.StringIO()
    columns = [("b", "bool"), ("l", "long"), ("r", "real"), ("n", "string"), ("d", "dynamic")]
    write(Rows(columns, [[True, 2**63 - 1, "NaN", None, '{"a":1}']]), Output.csv, stream)
    assert stream.getvalue() == 'b,l,r,n,d\ntrue,9223372036854775807,NaN,,"{""a"":1}"\n'


def test_no_rows_are_a_header() -> None:
    stream = io.StringIO()
    write(Rows([("a", "string")], []), Output.table, stream)
    assert stream.getvalue() == "a\n-\n"


@pytest.mark.parametrize(
    ("raw", "safe"),
    [("plain é 漢", "plain é 漢"), ("\x00\x7f\x9b", r"\x00\x7f\x9b"), ("\u202e", r"\u202e"), ("a\tb", r"a\tb")],
)
def test_visible(raw: str, safe: str) -> None:
    assert visible(raw) == safe


def test_visible_json_keeps_the_value() -> None:
    assert visible_json('"\x9b\U000e0001"') == '"\\u009b\\udb40\\udc01"'


def test_all_short_columns_of_a_documented_query_are_whole() -> None:
    names = ["TimeGenerated", "ClusterId", "EventType", "ExecutionState", "ToolType"]
    row = ["2026-01-01T00:00:00.0000000Z", "/subscriptions/" * 10, "JobFailed", "Failed", "Python"]
    lines = shown(Rows([(name, "string") for name in names], [row])).splitlines()
    assert lines[0].split() == names
    assert max(map(len, lines)) <= 80
    assert all(part in lines[1] for part in ("0000000Z", "JobFailed", "Failed", "Python"))
