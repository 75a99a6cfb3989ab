"""A query's author reaches no SQL, no file and no network, wherever text enters.

Every place for a name, a literal or a comment gets texts that would end a string, a name or a comment of SQL, or call
something. The engine below lets everything happen, so that only the compiler stands in the way: a marked table must
keep its rows, a marked file must not be read, and what came in as a value must come out as it was.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from lazulite.kql import KqlError, Options, local
from lazulite.kql import compile as compile_query
from lazulite.kql.memory import Memory
from tests.kql.reference.values import quoted

PAYLOADS = (
    "'",
    '"',
    "''",
    '""',
    "\\'",
    "\\",
    "x'; DROP TABLE t0; --",
    'x"; DROP TABLE t0; --',
    'x") ; DROP TABLE t0; --',
    "x') UNION ALL SELECT content FROM read_text('{secret}') --",
    "x\"') ; ATTACH '{secret}' AS a; --",
    "' || (SELECT content FROM read_text('{secret}')) || '",
    "\" || (SELECT content FROM read_text('{secret}')) || \"",
    "$$; DROP TABLE t0; $$",
    "$1",
    "?",
    "{{0}}",
    "{{*}}",
    "{{order}}",
    "c1",
    "h1",
    "$stage_0",
    "/* */ -- //",
    "*/ DROP TABLE t0 /*",
    "\u2019; DROP TABLE t0; --",
    "\uff07; DROP TABLE t0",
    "a\u0301\u202e\u200b",
    "\U0001f600",
    "new\nline\r\ttab",
    "%s %(x)s {x}",
    "SELECT",
    "rowid",
    "main.t0",
    "x" * 10_000,
)
# {name} a quoted name, {text} a string literal of the same content, {raw} the content alone.
PLACES = {
    "a column of datatable": "datatable([{text}]:long)[1]",
    "a text": "print v = {text}",
    "a column that print names": "print [{text}] = 1",
    "a column that extend names": "T | extend [{text}] = 1 | where [{text}] == 1",
    "a column that project names": "T | project [{text}] = s | sort by [{text}] asc",
    "a column that is renamed": "T | project-rename [{text}] = s",
    "a key": "T | summarize [{text}] = count() by k = {text}",
    "a key's name": "T | summarize n = count() by [{text}] = s",
    "a compared text": "T | where s == {text} | count",
    "a listed text": "T | where s in ({text}, 'b') | count",
    "has": "T | where s has {text} | count",
    "contains": "T | where s contains {text} | count",
    "startswith": "T | where s !startswith {text} | count",
    "a pattern": "T | where s matches regex {text} | count",
    "a replaced text": "T | extend r = replace_string(s, {text}, {text})",
    "a replaced pattern": "T | extend r = replace_regex(s, {text}, {text})",
    "an extracted pattern": "T | extend r = extract({text}, 0, s)",
    "split": "T | extend r = split(s, {text})",
    "strcat": "T | extend r = strcat_delim({text}, s, {text})",
    "format_datetime": "print format_datetime(datetime(2024-01-01), {text})",
    "a time zone": "print datetime_utc_to_local(datetime(2024-01-01), {text})",
    "a path of JSON": "print extract_json({text}, '{{}}')",
    "JSON": "print parse_json({text})",
    "a member": "print d = dynamic({{}}) | extend e = d[{text}]",
    "a bag's name": "print bag_pack({text}, 1)",
    "a dynamic": "print dynamic({{{text}: {text}}})",
    "parse": "T | parse s with {text} rest {text}",
    "parse kind=regex": "T | parse kind=regex s with {text} rest {text}",
    "a variable": "let x = {text}; T | where s == x | count",
    "a parameter": "let f = (x:string = {text}) {{ print x }}; f()",
    "a table": "[{text}] | count",
    "table()": "table({text}) | count",
    "workspace()": "workspace({text}).T | count",
    "database()": "database({text}).T | count",
    "union withsource": "union withsource=[{text}] T, T",
    "a wildcard": "union T*{raw} | count",
    "an alias": "T | as [{text}] | count",
    "a join's column": "T | join kind=inner (T | project [{text}] = s) on $left.s == $right.[{text}]",
    "mv-expand": "T | mv-expand [{text}] = dynamic([1])",
    "make-series": "T | make-series [{text}] = count() default=0 on id from 0 to 2 step 1 by k = {text}",
    "render": "T | render timechart with (title={text})",
    "set": "set notruncation = {text}; T",
    "a comment": "T // {raw}\n| count",
    "a url": "print parse_url({text})",
    "externaldata": "externaldata(x:string)[{text}]",
    "external_table": "external_table({text})",
    "a plugin": "T | evaluate sql_request({text}, {text})",
    "http": "evaluate http_request({text})",
    "the bare text": "{raw}",
    "the bare text as a step": "T | {raw}",
    "the bare text as a value": "T | where s == {raw}",
    "a timespan": "print timespan({raw})",
    "a datetime": "print datetime({raw})",
    "a decimal": "print decimal({raw})",
    "a guid": "print guid({raw})",
    "a verbatim text": "print v = @{text}",
    "column_ifexists": "T | extend c = column_ifexists({text}, {text})",
}
# Where the text itself must come back.
SAME = ("a text", "a parameter")
SECRET = "the secret of the file"


class Engine:
    """A database without any lock on it, one marked table, and a marked file."""

    def __init__(self, folder: Path) -> None:
        self.secret = folder / "secret.txt"
        self.secret.write_text(SECRET)
        self.before = sorted(path.name for path in folder.iterdir())
        self.folder = folder
        self.connection = duckdb.connect(config={"threads": 1})
        field = pa.field("s", pa.string(), metadata={"kusto_type": "string"})
        rows = pa.table([[1, 2], ["a", "b"]], schema=pa.schema([pa.field("id", pa.int64()), field]))
        self.database = Memory({"T": rows}, self.connection)

    def ask(self, query: str) -> Any:
        """The answer, or the error."""
        try:
            return local.execute(compile_query(query, self.database, Options(now=0)), self.connection.cursor())
        except KqlError as error:
            return error

    def whole(self) -> bool:
        """Whether nothing has happened to the tables, to what is attached, or to the folder."""
        tables = self.connection.execute("SELECT table_name FROM duckdb_tables()").fetchall()
        attached = self.connection.execute("SELECT count(*) FROM duckdb_databases() WHERE NOT internal").fetchall()
        rows = self.connection.execute("SELECT count(*) FROM t0").fetchall()
        files = sorted(path.name for path in self.folder.iterdir())
        return (tables, attached, rows, files) == ([("t0",)], [(1,)], [(2,)], self.before)


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    found = Engine(tmp_path)
    yield found
    found.connection.close()


@pytest.mark.parametrize("place", PLACES)
def test_text_stays_text(engine: Engine, place: str) -> None:
    for payload in PAYLOADS:
        content = payload.replace("{secret}", str(engine.secret)).replace("{{", "{").replace("}}", "}")
        query = PLACES[place].format(text=quoted(content), raw=content)
        found = engine.ask(query)
        assert engine.whole(), query[:500]
        if isinstance(found, KqlError):
            assert found.code[:3] in ("SYN", "SEM", "UNS", "LIM", "RUN"), query[:500]
        else:
            assert SECRET not in str(found.to_pylist()), query[:500]
        if place in SAME:
            assert found.column(0).to_pylist() == [content], query[:500]


@pytest.mark.parametrize("payload", PAYLOADS, ids=range(len(PAYLOADS)))
def test_a_name_comes_back_as_it_was(engine: Engine, payload: str) -> None:
    found = engine.ask(f"T | project [{quoted(payload)}] = s | where [{quoted(payload)}] == 'a'")
    assert not isinstance(found, KqlError), found
    assert found.to_pydict() == {payload: ["a"]}


def test_the_names_of_the_engine_mean_nothing(engine: Engine) -> None:
    for name in (
        "t0",
        "main.t0",
        "duckdb_tables",
        "information_schema.tables",
        "read_text",
        "sqlite_master",
        "p0",
        "c1",
    ):
        assert isinstance(engine.ask(name), KqlError), name
        assert isinstance(engine.ask(f"{name}('/etc/passwd')"), KqlError), name
        assert isinstance(engine.ask(f"T | extend x = {name}('/etc/passwd')"), KqlError), name
    for name in ("rowid", "p0", "c1", "h1"):
        assert isinstance(engine.ask(f"T | project {name}"), KqlError), name


def test_escapes_do_not_end_a_literal(engine: Engine) -> None:
    for written in (r'"\u0027; DROP TABLE t0; --"', r"'\'; DROP TABLE t0; --'", '@"a""b"', r"'\x27 OR 1=1 --'"):
        found = engine.ask(f"print v = {written}")
        assert found.num_rows == 1
        assert engine.whole()
    for written in (r'"\u0000"', r'"\ud800"', r'"\xg"', '"\0"'):
        assert isinstance(engine.ask(f"print v = {written}"), KqlError), written
