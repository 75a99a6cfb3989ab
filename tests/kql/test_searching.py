"""search and find over several tables: terms, wildcards, columns, and the columns of the result."""

from __future__ import annotations

import pytest

from lazulite.kql import KqlError, run
from tests.kql.reading import columns_of, rows_of, table

NOTES = table(
    {"Session": "string", "Level": "string", "Note": "string", "Version": "string"},
    ["s1", "Information", "Some Text1", "v1"],
    ["s1", "Error", "Some Text2", "v1"],
    ["s2", "Error", "Some Text3", "v2"],
)
EVENTS = table(
    {"Session": "string", "Level": "string", "Note": "string", "Event": "string", "N": "long"},
    ["s9", "Information", "Other Text1", "Event1", 5],
    ["s1", "Error", "Other Text3", "", None],
)
NUMBERS = table({"Level": "long"}, [5])
TABLES = {"Notes": NOTES, "Events": EVENTS, "Numbers": NUMBERS}


def found(query: str) -> list[list[object]]:
    return rows_of(run(query, TABLES))


def columns(query: str) -> str:
    return columns_of(run(query, TABLES))


@pytest.mark.parametrize(
    ("predicate", "notes"),
    [
        ('"text1"', ["Some Text1"]),
        ('"Text"', []),
        ('"Text*"', ["Some Text1", "Some Text2", "Some Text3"]),
        ('"*ext2"', ["Some Text2"]),
        ('"*rror*"', ["Some Text2", "Some Text3"]),
        ('"inf*on"', ["Some Text1"]),
        ('"in*atio"', []),
        ('Note:"s1"', []),
        ('Session:"S1" and Level:"err*"', ["Some Text2"]),
        ('Session == "S1"', []),
        ('"text1" or (Level == "Error" and not("s1"))', ["Some Text1", "Some Text3"]),
        ('Note matches regex "Text[12]"', ["Some Text1", "Some Text2"]),
        ("*", ["Some Text1", "Some Text2", "Some Text3"]),
    ],
)
def test_terms(predicate: str, notes: list[str]) -> None:
    assert [row[0] for row in found(f"search in (Notes) {predicate} | project Note")] == notes


@pytest.mark.parametrize(
    ("predicate", "count"),
    [('"text1"', 0), ('"Text1"', 1), ('"*TEXT*"', 0), ('"Inf*on"', 1), ('"inf*on"', 0), ('Level contains "err"', 0)],
)
def test_case_counts_where_the_search_says_so(predicate: str, count: int) -> None:
    assert found(f"search kind=case_sensitive in (Notes) {predicate} | count") == [[count]]


def test_the_table_stands_before_the_columns_of_all() -> None:
    query = 'search in (Notes, Events) "Text1"'
    assert columns(query) == (
        "$table:string, Session:string, Level:string, Note:string, Version:string, Event:string, N:long"
    )
    assert [row[0] for row in found(query)] == ["Notes", "Events"]


def test_columns_of_several_types_stand_apart_and_numbers_are_found_by_their_text() -> None:
    assert found('search "5" | project $table, Level_string, Level_long, N') == [
        ["Events", "Information", None, 5],
        ["Numbers", "", 5, None],
    ]


def test_rows_piped_in_are_searched() -> None:
    assert found('Notes | search "s2" | project $table, Note') == [["Notes", "Some Text3"]]
    assert found('Notes | as Q | search "s2" | project $table') == [["Q"]]
    assert found('Notes | where * has "s2" | project Note') == [["Some Text3"]]


def test_views_are_searched_and_other_functions_are_not() -> None:
    lets = "let R1 = view () { range x from 1 to 9 step 1 }; let R2 = () { print x = 5 };"
    assert found(lets + "search in (R*) x == 5") == [["R1", 5]]


def test_find_shows_common_columns_and_packs_the_rest() -> None:
    query = "find in (Notes, Events) where Session == 's1' and Level == 'Error'"
    assert columns(query) == "source_:string, Session:string, Level:string, Note:string, pack_:dynamic"
    assert found(query) == [
        ["Notes", "s1", "Error", "Some Text2", {"Version": "v1"}],
        ["Events", "s1", "Error", "Other Text3", {"Event": "", "N": None}],
    ]


def test_find_projects_what_some_tables_lack() -> None:
    query = "find in (Notes, Events) where Version == 'v2' or Event == 'Event1' project Note, N:string, pack_all()"
    assert columns(query) == "source_:string, Note:string, N:string, pack_:dynamic"
    assert found(query) == [
        ["Notes", "Some Text3", "", {"Session": "s2", "Level": "Error", "Version": "v2"}],
        ["Events", "Other Text1", "5", {"Session": "s9", "Level": "Information", "Event": "Event1"}],
    ]


def test_find_leaves_out_tables_without_a_column_of_the_predicate() -> None:
    assert columns("find Version == 'v2'") == (
        "source_:string, Session:string, Level:string, Note:string, Version:string"
    )
    assert found("find withsource=Where Version == 'v2' project Session") == [["Notes", "s2"]]


def test_find_takes_terms_and_project_away() -> None:
    assert found('find in (Notes, Events) where "Text3" project-away *') == [["Notes"], ["Events"]]
    assert found('find in (Notes) where * has "Text3" project-smart project-away Session') == [
        ["Notes", "Error", "Some Text3", "v2"]
    ]


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ('search in (Notes) "*a*b"', "UNS0001: A search term with wildcards inside and at an end"),
        ('search in (Notes) "*"', "SEM0100: A search term has a text beside its wildcards"),
        ("search in (Notes) Session:5", "SEM0100: A term in quotes stands behind column:"),
        ('search in (Nowhere) "x"', "There is no table or variable named 'Nowhere'"),
        ('search kind=loud in (Notes) "x"', "There is no search kind 'loud'"),
        ('Notes | search in (Events) "x"', "SEM0100: search over rows piped in names no tables"),
        ('Notes | where * == "s2"', "UNS0001: '*' before '=='"),
        ("find in (Notes, Numbers) where Level == 'Error'", "UNS0001: find by the column 'Level'"),
        ("find in (Notes, Numbers) where * has 'Error' project Level", "The column 'Level' has several types"),
        ("find in (Notes) where Session == 's1' project Sesion", "Did you mean 'Session'?"),
        ("find in (Notes, Numbers) where Nothing == 1", "No table of the find has a column that its predicate names"),
    ],
)
def test_refusals(query: str, message: str) -> None:
    with pytest.raises(KqlError) as caught:
        run(query, TABLES)
    assert message in str(caught.value)


def test_words_of_searching_may_be_names() -> None:
    assert found("print search = 1, find = 2 | where search == 1 and find == 2") == [[1, 2]]
