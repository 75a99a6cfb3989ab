"""Tables appear with their first row, columns are added, names compare with case."""

from __future__ import annotations

import pytest

from lazulite import kql
from lazulite.engine import EngineRefused, Schema
from lazulite.engine.duckdb.schema import MAX_COLUMNS
from tests.engine.conftest import SPACE, Rig, rows_of


def test_a_new_store_has_no_tables(rig: Rig) -> None:
    assert rig.engine.schema() == Schema(0, {})


def test_an_append_without_rows_makes_no_table(rig: Rig) -> None:
    rig.deliver(rows_of("T", {"a": "long"}, []))
    assert rig.engine.schema() == Schema(0, {})


def test_columns_are_added_behind_and_old_rows_read_as_empty(rig: Rig) -> None:
    rig.deliver(rows_of("T", {"a": "long"}, [(1,)]))
    rig.deliver(rows_of("T", {"b": "string", "a": "long", "c": "dynamic"}, [("x", 2, "{}")]))
    assert rig.rows("T | order by a asc") == [{"a": 1, "b": "", "c": None}, {"a": 2, "b": "x", "c": "{}"}]
    assert rig.engine.schema().revision == 2


def test_the_revision_moves_only_with_the_schema(rig: Rig) -> None:
    for _ in range(3):
        rig.deliver(rows_of("T", {"a": "long"}, [(1,)]))
    assert rig.engine.schema().revision == 1


def test_columns_and_tables_that_differ_in_case_are_different(rig: Rig) -> None:
    rig.deliver(rows_of("Job", {"a": "long", "A": "string"}, [(1, "upper")]), rows_of("job", {"A": "long"}, [(7,)]))
    assert rig.rows("Job") == [{"a": 1, "A": "upper"}]
    assert rig.rows("job") == [{"A": 7}]


def test_spaces_that_differ_in_case_are_different(rig: Rig) -> None:
    rig.deliver(rows_of("T", {"a": "long"}, [(1,)], "one"), rows_of("T", {"a": "string"}, [("x",)], "ONE"))
    assert rig.rows("T", "one") == [{"a": 1}]
    assert rig.rows("T", "ONE") == [{"a": "x"}]


HOSTILE = ['"; DROP TABLE _schema; --', "a b", "select", "\u00e9\u4e2d", "it's", "x" * 200, "c1", "rowid"]


@pytest.mark.parametrize("name", HOSTILE)
def test_any_name_is_a_name(rig: Rig, name: str) -> None:
    rig.deliver(rows_of(name, {name: "long"}, [(1,)], name))
    table = rig.engine.schema().tables[name, name]
    assert table.columns == (kql.Column(name, "long"),)
    assert (table.relation.schema, table.relation.table, dict(table.relation.columns)) == ("s1", "t1", {name: "c1"})


def test_a_column_is_never_retyped(rig: Rig) -> None:
    rig.deliver(rows_of("T", {"a": "long"}, [(1,)]))
    with pytest.raises(EngineRefused, match="'a' of table 'T' is stored as long: string") as refused:
        rig.deliver(rows_of("T", {"a": "string"}, [("x",)]))
    assert refused.value.code == "ColumnTypeConflict"
    assert rig.rows("T") == [{"a": 1}]


def test_too_many_columns_are_refused(rig: Rig) -> None:
    columns = {f"c{number}": "long" for number in range(MAX_COLUMNS + 1)}
    with pytest.raises(EngineRefused, match=f"{MAX_COLUMNS + 1} columns of {MAX_COLUMNS}"):
        rig.deliver(rows_of("T", columns, [(1,) * len(columns)]))


def test_an_unknown_type_is_refused(rig: Rig) -> None:
    column = kql.Column("a", "varchar")
    good = rows_of("T", {"a": "long"}, [(1,)])
    with pytest.raises(EngineRefused, match="'varchar' is not a column type"):
        rig.deliver(type(good)(good.space, good.table, (column,), good.rows))


def test_the_schema_is_the_same_after_reopening(rig: Rig) -> None:
    for number in range(12):  # t10 sorts before t2, and c10 before c2
        columns = {f"k{index}": "string" for index in range(number + 1)}
        rig.deliver(rows_of(f"T{number}", columns, [("x",) * len(columns)]))
    rig.deliver(rows_of("T0", {"later": "long"}, [(1,)]))
    before = rig.engine.schema()
    rig.reopen()
    assert rig.engine.schema() == before
    assert [column.name for column in before.of(SPACE)["T11"].columns] == [f"k{index}" for index in range(12)]


def test_a_column_added_while_a_query_is_bound_is_for_the_next_query(rig: Rig) -> None:
    """Bound once, against the schema that was published when it was asked; newer rows do not disturb it."""
    rig.deliver(rows_of("T", {"a": "long"}, [(1,)]))
    seen: list[int] = []

    def plan(schema: Schema, _: object) -> kql.Compiled:
        seen.append(schema.revision)
        rig.deliver(rows_of("T", {"b": "long"}, [(2,)]))
        table = schema.of(SPACE)["T"]
        database = _One(kql.Table("T", table.columns, (table.relation,)))
        return kql.compile("T", database, kql.Options(now=0))

    answer = rig.engine.query(plan).rows
    assert answer.column_names == ["a"]
    assert 1 in answer.column("a").to_pylist()
    assert seen == [1]
    assert rig.rows("T | order by a asc") in (
        [{"a": 1, "b": None}, {"a": None, "b": 2}],
        [{"a": None, "b": 2}, {"a": 1, "b": None}],
    )


class _One:
    def __init__(self, table: kql.Table) -> None:
        self._table = table

    def table(self, name: str) -> kql.Table | None:
        return self._table if name == self._table.name else None

    def names(self) -> list[str]:
        return [self._table.name]
