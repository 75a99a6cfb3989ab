"""JSON whose texts know their places."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lazulite.cli.placed_json import MAX_DEPTH, NotJson, Scalar, Text, Value, parse


def plain(value: Value) -> object:
    if isinstance(value, dict):
        return {name: plain(member) for name, member in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    return value.value if isinstance(value, Text) else json.loads(value.text)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)


@given(JSON, st.booleans())
def test_it_reads_what_the_standard_library_writes(value: object, ascii_only: bool) -> None:
    assert plain(parse(json.dumps(value, ensure_ascii=ascii_only, indent=1))) == value


@given(st.text(), st.booleans())
def test_each_character_has_its_place(value: str, ascii_only: bool) -> None:
    written = json.dumps(value, ensure_ascii=ascii_only)
    found = parse(written)
    assert isinstance(found, Text)
    assert len(found.places) == len(value) + 1
    assert found.places[-1] == len(written) - 1
    for letter, place in zip(value, found.places, strict=False):
        assert written[place] in (letter, "\\")


def test_a_text_inside_a_text_has_its_place_in_the_file() -> None:
    inner = json.dumps({"query": 'T | where a == "x"'})
    written = json.dumps({"data": inner})
    outer = parse(written)
    assert isinstance(outer, dict)
    text = outer["data"]
    assert isinstance(text, Text)
    found = parse(text.value, text.places)
    assert isinstance(found, dict)
    query = found["query"]
    assert isinstance(query, Text)
    assert written[query.places[0] :].startswith("T | where")


def test_comments_and_line_breaks_of_templates() -> None:
    found = parse('/* head */ { // one\n "a": "x\ny", "b": [1, 2,], }')
    assert isinstance(found, dict)
    assert plain(found) == {"a": "x\ny", "b": [1, 2]}


@pytest.mark.parametrize(
    ("text", "offset"),
    [
        ("", 0),
        ("{", 1),
        ('{"a" 1}', 5),
        ("[1 2]", 3),
        ('"ab', 3),
        ('"a\\q"', 2),
        ("{} x", 3),
        ("nul", 0),
        ('"\\u12"', 1),
    ],
)
def test_what_is_not_json_is_placed(text: str, offset: int) -> None:
    with pytest.raises(NotJson) as error:
        parse(text)
    assert error.value.offset == offset


def test_the_depth_is_bounded() -> None:
    with pytest.raises(NotJson, match="deeper"):
        parse("[" * (MAX_DEPTH + 1))
    assert parse("[" * MAX_DEPTH + "]" * MAX_DEPTH)
    assert parse("1e5") == Scalar("1e5")
