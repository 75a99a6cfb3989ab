"""How a plan reads stored tables: physical names, time ranges and resources at the scan, and what others may not do."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pytest

from lazulite.kql import Column, Compiled, KqlError, Options, Relation, Table, local, ticks
from lazulite.kql import compile as compile_query

HOUR = ticks.TICKS_PER_HOUR
NOW = ticks.parse_datetime("2024-05-10T12:00:00") or 0
COLUMNS = (
    Column("TimeGenerated", "datetime"),
    Column("a", "long"),
    Column("A", "string"),
    Column("_ResourceId", "string"),
    Column("Extra", "dynamic"),
    Column("Late", "string"),
)


class Stored:
    """Two physical tables behind one KQL table; `Late` came later and the older one lacks it."""

    def table(self, name: str) -> Table | None:
        names = ("TimeGenerated", "a", "A", "_ResourceId", "Extra")
        old = Relation("space", "t old", {name: f"p{at}" for at, name in enumerate(names)})
        new = Relation("space", 't"new', {name: f"p{at}" for at, name in enumerate((*names, "Late"))})
        return Table("T", COLUMNS, (old, new)) if name == "T" else None

    def names(self) -> list[str]:
        return ["T"]


@pytest.fixture
def cursor() -> Iterator[duckdb.DuckDBPyConnection]:
    columns = "p0 BIGINT, p1 BIGINT, p2 VARCHAR, p3 VARCHAR, p4 VARIANT"
    with duckdb.connect() as connection:
        connection.execute(f'CREATE SCHEMA space; CREATE TABLE space."t old" ({columns})')
        connection.execute(f'CREATE TABLE space."t""new" ({columns}, p5 VARCHAR)')
        old = "SELECT ?::BIGINT + i * 600000000, i, 'v' || i, '/sub/x', NULL FROM range(1000) t(i)"
        connection.execute(f'INSERT INTO space."t old" {old}', [NOW - 1000 * ticks.TICKS_PER_MINUTE])
        new = """SELECT ?::BIGINT, 7, 'w', '/sub/xy/z', '{"k": [1]}'::JSON::VARIANT, 'late'"""
        connection.execute(f'INSERT INTO space."t""new" {new}', [NOW])
        connection.execute("SET enable_external_access = false; SET lock_configuration = true")
        yield connection


def compiled(query: str, **options: object) -> Compiled:
    return compile_query(query, Stored(), Options(now=NOW, **options))


def answer(query: str, cursor: duckdb.DuckDBPyConnection, **options: object) -> list[dict]:
    return local.execute(compiled(query, **options), cursor).to_pylist()


def test_relations_are_read_as_one_and_an_absent_column_is_empty(cursor: duckdb.DuckDBPyConnection) -> None:
    found = answer("T | where a == 7 | project a, A, Late, Extra | order by A asc", cursor)
    assert found == [
        {"a": 7, "A": "v7", "Late": "", "Extra": None},
        {"a": 7, "A": "w", "Late": "late", "Extra": '{"k":[1]}'},
    ]


def test_the_time_range_is_half_open_and_holds_for_every_scan(cursor: duckdb.DuckDBPyConnection) -> None:
    last_minutes = (NOW - 2 * ticks.TICKS_PER_MINUTE, NOW)
    assert answer("T | count", cursor, time_range=last_minutes) == [{"Count": 2}]
    joined = "T | join kind=inner T on a | count"
    assert answer(joined, cursor, time_range=last_minutes) == [{"Count": 2}]


def test_a_resource_sees_itself_and_what_is_below_it(cursor: duckdb.DuckDBPyConnection) -> None:
    assert answer("T | count", cursor, resource_id="/sub/x") == [{"Count": 1000}]
    assert answer("T | count", cursor, resource_id="/sub/xy") == [{"Count": 1}]
    assert answer("T | count", cursor, resource_id="/sub") == [{"Count": 1001}]


def test_times_reach_the_scan_as_bare_comparisons(cursor: duckdb.DuckDBPyConnection) -> None:
    query = "T | extend b = a + 1 | where TimeGenerated > ago(1h) | summarize count() by bin(TimeGenerated, 5m)"
    sql = compiled(query, time_range=(NOW - HOUR, None)).sql
    plan = cursor.execute(f"EXPLAIN {sql}").fetchall()[0][1].replace(" ", "")
    assert f"p0>{NOW - HOUR}" in plan
    assert "FILTER" not in plan


def test_the_stream_has_the_results_schema(cursor: duckdb.DuckDBPyConnection) -> None:
    reader = local.stream(compiled("T | project TimeGenerated, Extra, s = 1h | take 3"), cursor)
    kinds = [(field.name, str(field.type), field.metadata[b"kusto_type"].decode()) for field in reader.schema]
    assert kinds == [
        ("TimeGenerated", "int64", "datetime"),
        ("Extra", "string", "dynamic"),
        ("s", "int64", "timespan"),
    ]
    assert reader.read_all().num_rows == 3


def test_compiled_says_what_it_is() -> None:
    found = compiled('T | summarize n = count() by A | render columnchart with (title="by A", legend=hidden)')
    assert found.columns == (Column("A", "string"), Column("n", "long"))
    assert found.tables == {"T"}
    assert found.render is not None
    assert (found.render.visualization, dict(found.render.properties)) == (
        "columnchart",
        {"title": "by A", "legend": "hidden"},
    )


def test_a_table_without_rows_binds() -> None:
    class Empty(Stored):
        def table(self, name: str) -> Table | None:
            return Table("T", COLUMNS, ())

    with duckdb.connect() as connection:
        query = "T | where A == 'x' | summarize count() by bin(TimeGenerated, 1h)"
        assert local.execute(compile_query(query, Empty(), Options(now=NOW)), connection).num_rows == 0


HOSTILE = (
    '\'; DROP TABLE space."t old"; --',
    '"; SELECT 1; --',
    "$$; $1 \\'",
    "{0} %s {*}",
)


@pytest.mark.parametrize("text", HOSTILE)
def test_no_text_of_a_query_becomes_sql(text: str, cursor: duckdb.DuckDBPyConnection) -> None:
    literal = '@"' + text.replace('"', '""') + '"'
    query = (
        f"T | take 1 | extend v = {literal}, d = bag_pack({literal}, 1) | project v, d[{literal}], ['{'x'}']={literal}"
    )
    found = answer(query, cursor)
    assert [list(row.values()) for row in found] == [[text, "1", text]]
    named = f"print ['{text.replace(chr(39), chr(92) + chr(39)).replace(chr(92) * 2, chr(92))}'] = 1"
    try:
        assert list(answer(named, cursor)[0].values()) == [1]
    except KqlError as error:
        assert error.code == "SYN0002"
    assert answer("T | count", cursor) == [{"Count": 1001}]


def test_local_stages_run_in_a_read_only_transaction_and_leave_nothing(cursor: duckdb.DuckDBPyConnection) -> None:
    query = compiled('T | where A == "w" | project s = array_sort_desc(pack_array(a, a + 1)), TimeGenerated')
    assert len(query.stages) == 2
    own = cursor.cursor()
    own.execute("BEGIN TRANSACTION READ ONLY")
    for _ in range(2):
        assert local.execute(query, own).column("s").to_pylist() == ["[8,7]"]
        assert local.stream(query, own).read_all().num_rows == 1
    assert own.execute("SELECT count(*) FROM duckdb_views() WHERE NOT internal").fetchall() == [(0,)]
