"""`lazulite kql check FILES...`: parse and bind the queries inside files, without a server.

Exit status: 0 every query is right, 1 one is not, 2 the command line was wrong or a file cannot be read.
"""

from __future__ import annotations

import sys
import time
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from lazulite import kql
from lazulite.cli.offline_tables import OfflineTables, azure_catalog, catalog, described
from lazulite.cli.output import say
from lazulite.cli.query_files import Found, NotJson, Unchecked, queries
from lazulite.cli.safe_text import visible, visible_json
from lazulite.core.errors import BadRequest
from lazulite.kql import public_service, ticks
from lazulite.kql.errors import DATA_NEEDED

MAX_FILE = 32 * 1024 * 1024
NOT_A_DOCUMENT = "FILE0001"
NO_COLUMN = "SEM0100"
FILLED = "parameters of a workbook stand in the query"

app = typer.Typer(help="Tools for queries in files.", no_args_is_help=True)


class Form(StrEnum):
    """The forms of `--output`."""

    text = "text"
    json = "json"


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong, with its place in a file; `severity` is error, azure (the public service's), or note."""

    file: str
    line: int
    column: int
    severity: str
    code: str
    message: str
    token: str = ""
    suggestion: str | None = None


@app.callback()
def _group() -> None:
    """Tools for queries in files."""


@app.command("check")
def check(
    files: Annotated[list[Path], typer.Argument(help="KQL files, rules, saved queries, dashboards, workbooks.")],
    azure: Annotated[
        bool, typer.Option("--azure", help="Also tell what Azure refuses although lazulite answers it.")
    ] = False,
    schema: Annotated[
        Path | None, typer.Option(help="Tables: a file with the answer of /v1/workspaces/ID/metadata.")
    ] = None,
    output: Annotated[Form, typer.Option("--output", "-o", help="Form of what is found.")] = Form.text,
) -> None:
    """Parse and bind the queries of files against the catalog, and tell what is wrong in them and where."""
    checker = Checker(*_tables(schema, azure))
    found = [problem for path in files for problem in checker.problems(path)]
    write(found, output)
    failed = [problem for problem in found if problem.severity != "note"]
    say(f"lazulite: {checker.count} queries in {len(files)} files, {len(failed)} problems")
    raise typer.Exit(1 if failed else 0)


def _tables(schema: Path | None, azure: bool) -> tuple[OfflineTables, OfflineTables | None]:
    known = catalog()
    try:
        own = described(schema) if schema else known
    except BadRequest as wrong:
        raise typer.BadParameter(wrong.message) from wrong
    if not azure:
        return OfflineTables(own), None
    # A table that is not lazulite's own may as well be in Azure.
    custom = {name: columns for name, columns in own.items() if name not in known}
    return OfflineTables(own), OfflineTables(custom | azure_catalog())


class Checker:
    """Checks files against `tables`, and against those that Azure has where they are given."""

    def __init__(self, tables: OfflineTables, azure: OfflineTables | None = None) -> None:
        self._tables = tables
        self._azure = azure
        self._options = kql.Options(now=ticks.from_unix_ns(time.time_ns()))
        self.count = 0

    def problems(self, path: Path) -> Iterator[Problem]:
        """Everything that is wrong in a file, in the order of its queries."""
        content = _content(path)
        places = _Places(str(path), content)
        found = False
        try:
            for each in queries(path.name, content):
                found = True
                if isinstance(each, Unchecked):
                    yield places.problem(each.offset, "note", "", f"not checked: {each.reason}")
                else:
                    yield from self._query(each, places)
        except NotJson as wrong:
            yield places.problem(wrong.offset, "error", NOT_A_DOCUMENT, wrong.message)
        except RecursionError:
            yield places.problem(0, "error", NOT_A_DOCUMENT, "The document nests too deeply")
        else:
            if not found:
                yield places.problem(0, "note", "", "no query found")

    def _query(self, found: Found, places: _Places) -> Iterator[Problem]:
        self.count += 1
        try:
            compiled = kql.compile(found.text, self._tables, self._options)
        except kql.KqlError as error:
            if error.kind == DATA_NEEDED:
                yield places.problem(found.places[0], "note", "", f"not checked: {error.message}")
            elif found.filled:
                yield places.problem(found.places[0], "note", "", f"not checked: {FILLED}")
            else:
                yield places.of(error, found, "error")
            return
        known = {column.name for column in compiled.columns}
        for column in found.columns:
            if column.value not in known:
                message = f"The query's result has no column '{column.value}'"
                yield places.problem(column.places[0], "error", NO_COLUMN, message, column.value)
        if self._azure is not None:
            yield from self._differences(found, places, self._azure)

    def _differences(self, found: Found, places: _Places, tables: OfflineTables) -> Iterator[Problem]:
        for error in public_service.differences(found.text, self._options):
            yield places.of(error, found, "azure")
        try:
            kql.compile(found.text, tables, self._options)
        except kql.KqlError as error:
            yield places.of(error, found, "azure")


class _Places:
    """Lines and columns of a file's offsets."""

    def __init__(self, name: str, content: str) -> None:
        self._name = name
        self._starts = [0, *(at + 1 for at, letter in enumerate(content) if letter == "\n")]

    def problem(self, offset: int, severity: str, code: str, message: str, token: str = "") -> Problem:
        line = bisect_right(self._starts, offset)
        return Problem(self._name, line, offset - self._starts[line - 1] + 1, severity, code, message, token)

    def of(self, error: kql.KqlError, found: Found, severity: str) -> Problem:
        """The problem of a query, at its place in the file."""
        offset = found.places[min(error.start, len(found.text))]
        made = self.problem(offset, severity, error.code, error.message, error.token)
        return replace(made, suggestion=error.suggestion)


def _content(path: Path) -> str:
    try:
        if path.stat().st_size > MAX_FILE:
            raise typer.BadParameter(f"{path} is larger than {MAX_FILE} bytes.")
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as wrong:
        raise typer.BadParameter(f"{path} cannot be read: {wrong}") from wrong


def write(found: list[Problem], output: Form) -> None:
    """The problems on stdout, a line each or as one JSON array."""
    if output is Form.json:
        text = msgspec.json.format(msgspec.json.encode([_member(each) for each in found]), indent=2).decode()
        sys.stdout.write(visible_json(text) + "\n")
        return
    for each in found:
        sys.stdout.write(visible(_line(each)) + "\n")


def _member(problem: Problem) -> dict[str, Any]:
    return {name: value for name, value in asdict(problem).items() if value not in (None, "")}


def _line(problem: Problem) -> str:
    what = {"error": problem.code, "azure": f"{problem.code} (Azure)", "note": "note"}[problem.severity]
    hint = f" Did you mean '{problem.suggestion}'?" if problem.suggestion else ""
    return f"{problem.file}:{problem.line}:{problem.column}: {what}: {problem.message}{hint}"
