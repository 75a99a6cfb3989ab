"""Rows on stdout in four forms: an aligned table (drawn by rich on a terminal), JSON, CSV, NDJSON.

On a terminal, control sequences in the data are shown as escapes; into a pipe CSV goes out as it is.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any, TextIO

import msgspec
import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from lazulite.cli.safe_text import visible, visible_json

# Columns up to MAX_WHOLE wide are not folded where there is room; a folded one keeps LEAST_FOLDED at least.
MAX_RULE = 40
MAX_WHOLE = 28
LEAST_FOLDED = 8
GAP = 2
NUMERIC = frozenset({"int", "long", "real", "decimal"})


class Output(StrEnum):
    """The forms of `--output`."""

    table = "table"
    json = "json"
    csv = "csv"
    ndjson = "ndjson"


OutputOption = Annotated[Output, typer.Option("--output", "-o", help="Form of the rows on stdout.")]


@dataclass(frozen=True)
class Rows:
    """What a command prints: (name, Kusto type) columns and cells as the wire gave them."""

    columns: Sequence[tuple[str, str]]
    rows: Sequence[Sequence[Any]]

    @property
    def names(self) -> list[str]:
        return [name for name, _ in self.columns]

    def objects(self) -> Iterable[dict[str, Any]]:
        return (dict(zip(self.names, row, strict=True)) for row in self.rows)


def write(rows: Rows, output: Output, stream: TextIO | None = None) -> None:
    """Print `rows` to `stream` (stdout)."""
    _WRITERS[output](rows, stream or sys.stdout)


def say(text: str) -> None:
    """A remark beside the data: to stderr, so that it never mixes with rows in a pipe."""
    sys.stderr.write(visible(text, keep="\n") + "\n")


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else _json(value)


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()


def _write_table(rows: Rows, stream: TextIO) -> None:
    cells = [[visible(_cell(value)) for value in row] for row in rows.rows]
    heads = [visible(name) for name in rows.names]
    right = [type_ in NUMERIC for _, type_ in rows.columns]
    if stream.isatty():
        _draw(heads, cells, right, stream)
    else:
        _align(heads, cells, right, stream)


def _draw(heads: list[str], cells: list[list[str]], right: list[bool], stream: TextIO) -> None:
    console = Console(file=stream, highlight=False)
    table = Table(box=None, header_style="bold", pad_edge=False)
    for head, is_right, whole in zip(heads, right, _whole(heads, cells, console.width), strict=True):
        table.add_column(Text(head), justify="right" if is_right else "left", overflow="fold", no_wrap=whole)
    for row in cells:
        table.add_row(*map(Text, row))
    console.print(table)


def _whole(heads: list[str], cells: list[list[str]], width: int) -> list[bool]:
    """Which columns must not be folded: the short ones, where the terminal has the room for that."""
    widest = [max(map(len, column)) for column in zip(heads, *cells, strict=True)]
    whole = [size <= MAX_WHOLE for size in widest]
    needed = sum(size if keep else LEAST_FOLDED for size, keep in zip(widest, whole, strict=True))
    return whole if needed + GAP * len(whole) <= width else [False] * len(whole)


def _align(heads: list[str], cells: list[list[str]], right: list[bool], stream: TextIO) -> None:
    widths = [max(map(len, column)) for column in zip(heads, *cells, strict=True)]
    for row in [heads, ["-" * min(width, MAX_RULE) for width in widths], *cells]:
        padded = (
            cell.rjust(width) if is_right else cell.ljust(width)
            for cell, width, is_right in zip(row, widths, right, strict=True)
        )
        stream.write("  ".join(padded).rstrip() + "\n")


def _write_json(rows: Rows, stream: TextIO) -> None:
    text = msgspec.json.format(msgspec.json.encode(list(rows.objects())), indent=2).decode()
    stream.write(visible_json(text) + "\n")


def _write_ndjson(rows: Rows, stream: TextIO) -> None:
    for row in rows.objects():
        stream.write(visible_json(_json(row)) + "\n")


def _write_csv(rows: Rows, stream: TextIO) -> None:
    shown: Callable[[str], str] = visible if stream.isatty() else str
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow([shown(name) for name in rows.names])
    writer.writerows([shown(_cell(value)) for value in row] for row in rows.rows)


_WRITERS: dict[Output, Callable[[Rows, TextIO], None]] = {
    Output.table: _write_table,
    Output.json: _write_json,
    Output.csv: _write_csv,
    Output.ndjson: _write_ndjson,
}
