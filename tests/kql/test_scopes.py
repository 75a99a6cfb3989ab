"""Tables of other scopes, over a federation of three databases in memory."""

from __future__ import annotations

from collections.abc import Iterable

import duckdb
import pyarrow as pa
import pytest

from lazulite import kql
from lazulite.kql import KqlError, local, ticks
from lazulite.kql.memory import Memory


class Federated(Memory):
    """`home` sees `east` and `west`; `locked` may not be read, and resource() restricts the tables of `home`."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        super().__init__(TABLES | {"Here": table("home")}, connection)

    def other(self, kind: str, name: str) -> kql.Other | None:
        if name == "locked":
            raise kql.denied("The workspace 'locked' may not be read")
        if kind == "resource":
            return kql.Other(self, name.lower())
        known = OTHERS.get(name)
        return kql.Other(Named(self, known)) if known else None

    def others(self, kind: str) -> Iterable[str]:
        return OTHERS


class Named:
    """The tables of one of the others: T is its own, and so is a table with its name in it."""

    def __init__(self, all_tables: Memory, names: dict[str, str]) -> None:
        self._all, self._names = all_tables, names

    def table(self, name: str) -> kql.Table | None:
        return self._all.table(self._names[name]) if name in self._names else None

    def names(self) -> Iterable[str]:
        return self._names


def table(place: str) -> pa.Table:
    return pa.table({"Place": [place, place], "_ResourceId": ["/r/one", "/r/one/below"], "n": [1, 2]})


TABLES = {"T_east": table("east"), "T_west": table("west"), "Odd": table("odd name")}
OTHERS = {"east": {"T": "T_east", "My Table": "Odd", "Tea": "Odd"}, "west": {"T": "T_west"}}


def rows(query: str) -> list[dict[str, object]]:
    with duckdb.connect() as connection:
        database = Federated(connection)
        compiled = kql.compile(query, database, kql.Options(now=ticks.UNIX_EPOCH_TICKS))
        found: list[dict[str, object]] = local.execute(compiled, connection).to_pylist()
    return found


def refused(query: str) -> KqlError:
    with pytest.raises(KqlError) as error:
        rows(query)
    assert 0 <= error.value.start <= error.value.end <= len(query)
    assert error.value.line
    return error.value


@pytest.mark.parametrize(
    ("query", "places"),
    [
        ("workspace('east').T | project Place", ["east", "east"]),
        ('workspace("west").T | where n == 1 | project Place', ["west"]),
        ("database('east').T | take 1 | project Place", ["east"]),
        ("database('east').['My Table'] | take 1 | project Place", ["odd name"]),
        ("workspace('east').table('T') | take 1 | project Place", ["east"]),
        ("let w = 'west'; workspace(w).T | take 1 | project Place", ["west"]),
        ("let f = (w:string) { workspace(w).T | take 1 }; f('east') | project Place", ["east"]),
        ("table('Here') | take 1 | project Place", ["home"]),
        ("table('Here', 'all') | take 1 | project Place", ["home"]),
        ("union Here, workspace('east').T, (workspace('west').T) | distinct Place", ["home", "east", "west"]),
        ("union workspace('east').T* | distinct Place", ["east", "odd name"]),
        ("union database('*').T | distinct Place", ["east", "west"]),
        ("union database('*').T*, Here | distinct Place", ["home", "east", "odd name", "west"]),
        ("union database('*').Tea | distinct Place", ["odd name"]),
        ("Here | join kind=inner (workspace('east').T) on n | distinct Place1", ["east"]),
        ("Here | join kind=inner workspace('east').T on n | distinct Place1", ["east"]),
        ("Here | where n in (workspace('east').T | where n > 1 | project n) | project Place", ["home"]),
        ("print Place = toscalar(workspace('west').T | project Place)", ["west"]),
        ("resource('/R/One/Below').Here | project Place", ["home"]),
        ("resource('/r/one').Here | project Place", ["home", "home"]),
        ("resource('/r/two').Here | project Place", []),
        ("union isfuzzy=true Here, workspace('gone').T, workspace('east').Gone | distinct Place", ["home"]),
    ],
)
def test_every_way_to_name_a_table_of_another_scope(query: str, places: list[str]) -> None:
    assert sorted(str(next(iter(row.values()))) for row in rows(query)) == sorted(places)


@pytest.mark.parametrize(
    ("query", "code", "message", "token"),
    [
        ("workspace('esat').T", "SEM0100", "Did you mean 'east'?", "workspace('esat')"),
        ("workspace('east').Te", "SEM0100", "Did you mean 'Tea'?", "workspace('east').Te"),
        ("workspace('east').T*", "SEM0100", "no table of this workspace named 'T*'", "workspace('east').T*"),
        ("union workspace('east').X*", "SEM0100", "like", "workspace('east').X*"),
        ("union database('x*').T", "SEM0100", "like", "database('x*')"),
        ("union database('e?st*').T", "SEM0100", "like", "database('e?st*')"),
        ("union database('[e]ast*').T", "SEM0100", "like", "database('[e]ast*')"),
        ("union database('*').Gone", "SEM0100", "like", "database('*').Gone"),
        ("union database('*').Gone*", "SEM0100", "like", "database('*').Gone*"),
        ("workspace('locked').T", "InsufficientAccessError", "may not be read", "workspace('locked')"),
        ("workspace('east')", "SEM0100", "a table of it follows", "workspace('east')"),
        ("workspace('east', 'b').T", "SEM0100", "takes one constant text", "workspace('east', 'b')"),
        ("workspace(tostring(7)).T", "SEM0100", "takes one constant text", "workspace(tostring(7))"),
        ("workspace(7).T", "SEM0100", "takes one constant text", "workspace(7)"),
        ("workspace('east').f(1)", "UNS0001", "The function 'f'", "workspace('east').f(1)"),
        ("cluster('c').database('d').T | count", "UNS0001", "cluster() (another Kusto cluster)", "cluster('c')"),
        ("app('a').requests", "UNS0001", "app() (a classic Application Insights", "app('a')"),
        ("union app('a').requests, Here", "UNS0001", "app()", "app('a')"),
        ("adx('https://x/y').T", "UNS0001", "adx()", "adx('https://x/y')"),
        ("arg('').Resources", "UNS0001", "arg()", "arg('')"),
        ("union withsource=S Here, workspace('east').T", "UNS0001", "withsource=S", "union withsource=S"),
        ("print workspace('east').T", "SEM0085", "A table stands where a scalar", "workspace('east').T"),
        ("workspace('east'). | count", "SYN0002", "a table of the scope", "|"),
        ("workspace('east').table(strcat('T', '')) | count", "SEM0100", "constant text", "table("),
    ],
)
def test_what_cannot_be_named_is_refused_with_its_place(query: str, code: str, message: str, token: str) -> None:
    error = refused(query)
    assert error.code == code
    assert message in str(error)
    assert query[error.start : error.end].startswith(token)


def test_a_fuzzy_union_tells_what_it_went_without() -> None:
    with duckdb.connect() as connection:
        query = "union isfuzzy=true Here, workspace('locked').T"
        compiled = kql.compile(query, Federated(connection), kql.Options(now=0))
    assert compiled.warnings == ("The workspace 'locked' may not be read",)


def test_tables_that_belong_to_no_server_have_no_other_scopes() -> None:
    with pytest.raises(KqlError, match="belong to no server"):
        kql.run("workspace('x').T", {})


def test_the_time_range_holds_in_every_scope() -> None:
    field = pa.field("TimeGenerated", pa.int64(), metadata={"kusto_type": "datetime"})
    dated = pa.table([pa.array([1, 5, 9], pa.int64())], schema=pa.schema([field]))
    with duckdb.connect() as connection:
        memory = Memory({"Here": dated}, connection)

        class Dated:
            def table(self, name: str) -> kql.Table | None:
                return memory.table(name)

            def names(self) -> Iterable[str]:
                return memory.names()

            def other(self, kind: str, name: str) -> kql.Other | None:
                return kql.Other(memory)

            def others(self, kind: str) -> Iterable[str]:
                return ()

        options = kql.Options(now=0, time_range=(2, 9))
        compiled = kql.compile("union Here, workspace('x').Here | count", Dated(), options)
        assert local.execute(compiled, connection).to_pylist() == [{"Count": 2}]
