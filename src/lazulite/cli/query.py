"""`lazulite query KQL`: ask a Log Analytics workspace, and show where in the text an error is."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from lazulite.cli.data_option import DEFAULT, DataOption
from lazulite.cli.output import Output, OutputOption, Rows, say, write
from lazulite.cli.safe_text import visible
from lazulite.core.errors import BadRequest, LazuliteError
from lazulite.server.client import Answer, open_client
from lazulite.server.refusal import Position, Refused

MAX_QUERY_CHARACTERS = 1_000_000
TAB_AS = " "


def query(
    kql: Annotated[str, typer.Argument(metavar="KQL", help="The query; `-` reads it from stdin, @FILE from a file.")],
    timespan: Annotated[
        str | None, typer.Option(help="Only rows of this time: P1D, PT4H, or START/END in ISO 8601.")
    ] = None,
    workspace: Annotated[
        str | None, typer.Option(help="Log Analytics workspace by customer id. Default: the server's first.")
    ] = None,
    explain: Annotated[
        bool, typer.Option("--explain", help="Do not run it: show the plan, what reaches each table, and the SQL.")
    ] = False,
    output: OutputOption = Output.table,
    data: DataOption = DEFAULT,
) -> None:
    """Run a KQL query, such as 'AmlComputeJobEvent | where EventType == "JobFailed" | take 10'."""
    text = read_query(kql)
    with open_client(data) as client:
        try:
            answers = client.query(text, timespan, workspace, explain)
        except Refused as refused:
            raise located(refused, text) from refused
    if explain and output is Output.table:
        sys.stdout.write(visible(explanation(answers), keep="\n"))
        return
    for number, answer in enumerate(answers):
        if number and output is Output.table:
            sys.stdout.write("\n")
        write(Rows(answer.columns, answer.rows), output)
    if answers and answers[0].partial:
        say(f"lazulite: the result is not complete: {answers[0].partial}")


def explanation(answers: Sequence[Answer]) -> str:
    """The tables of an explained query as text: the tree, the scans, the statements."""
    plan, scans, sql = answers
    lines = ["Plan", *(f"  {row[0]}" for row in plan.rows), "", "What reaches each table"]
    for row in scans.rows:
        lines.append(f"  {row[0]}")
        named = zip(scans.columns[1:], row[1:], strict=True)
        lines.extend(f"    {name}: {value}" for (name, _), value in named if value not in ("", "[]"))
    return "\n".join([*lines, "", "SQL", *(f"  {row[0]}" for row in sql.rows), ""])


def read_query(argument: str) -> str:
    """The text itself, that of stdin for `-`, or that of FILE for `@FILE`."""
    if argument == "-":
        text = sys.stdin.read(MAX_QUERY_CHARACTERS + 1)
    elif argument.startswith("@"):
        text = _read_file(Path(argument[1:]))
    else:
        text = argument
    if len(text) > MAX_QUERY_CHARACTERS:
        raise BadRequest("QueryTooLong", f"The query is longer than {MAX_QUERY_CHARACTERS} characters; shorten it.")
    if not text.strip():
        raise BadRequest("QueryEmpty", "The query is empty; give KQL as the argument, `-` for stdin, or @FILE.")
    return text


def _read_file(path: Path) -> str:
    try:
        with path.open(encoding="utf-8") as file:
            return file.read(MAX_QUERY_CHARACTERS + 1)
    except (OSError, UnicodeDecodeError) as wrong:
        raise BadRequest(
            "QueryFile", f"The query file {path} cannot be read: {wrong}. Check the name after @."
        ) from wrong


def located(refused: Refused, text: str) -> LazuliteError:
    """The same error with the line of the query and a caret under the position, where the server gave one."""
    place = refused.position
    lines = text.split("\n")
    if place is None or not 1 <= place.line <= len(lines):
        return refused
    pointed = _pointed(lines[place.line - 1], place)
    return Refused(refused.status, refused.code, f"{refused.message}\n{pointed}", position=place)


def _pointed(line: str, place: Position) -> str:
    column = min(max(place.column, 1), len(line) + 1)
    # Escapes widen the line, so the caret stands under the escaped text and not under the column.
    before = visible(line[: column - 1].replace("\t", TAB_AS))
    token = visible(place.token) if place.token and line.startswith(place.token, column - 1) else ""
    shown = before + visible(line[column - 1 :].replace("\t", TAB_AS))
    return f"  {shown}\n  {' ' * len(before)}{'^' * max(1, len(token))}"
