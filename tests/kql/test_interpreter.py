"""What a stage interprets is what the engine computes: the same expressions, once over what scan remembers."""

from __future__ import annotations

import re
from itertools import product

import pytest

from lazulite.kql import run
from tests.kql.reading import rows_of

VALUES = {
    "long": ["long(null)", "0", "1", "-1", "7", "-7", "3037000499", "-9223372036854775807"],
    "int": ["int(null)", "int(0)", "int(3)", "int(-3)", "int(32767)"],
    "real": ["real(null)", "0.0", "1.5", "-2.5", "1e300", "real(nan)", "real(+inf)", "real(-inf)"],
    "timespan": ["timespan(null)", "0s", "1tick", "-90m", "10d"],
    "datetime": ["datetime(null)", "datetime(2024-02-29)", "datetime(2024-03-01 00:00:00.0000001)"],
    "string": ["''", "'a'", "'A'", "'é'", "'\\U0001F600'"],
    "bool": ["bool(null)", "true", "false"],
}
SMALL = {"long": VALUES["long"][:6]}
COMPARED = ["==", "!=", "<", "<=", ">", ">="]
# Result type, left type, right type, and the forms of a and b.
FORMS = [
    *(("bool", kind, kind, f"a {one} b") for kind in VALUES for one in (COMPARED if kind != "bool" else COMPARED[:2])),
    *(("long", "long", "long", f"a {one} b") for one in "+-*"),
    *(("long", "long", "long", f"a {one} b") for one in "/%"),
    *(("real", "real", "real", f"a {one} b") for one in "+-*/%"),
    *(("real", "long", "real", f"a {one} b") for one in "+-*/"),
    ("timespan", "datetime", "datetime", "a - b"),
    ("datetime", "datetime", "timespan", "a + b"),
    ("datetime", "datetime", "timespan", "a - b"),
    ("timespan", "timespan", "timespan", "a + b"),
    ("timespan", "timespan", "timespan", "a % b"),
    ("real", "timespan", "timespan", "a / b"),
    ("timespan", "timespan", "real", "a * b"),
    ("timespan", "timespan", "real", "a / b"),
    ("timespan", "timespan", "long", "a / b"),
    ("bool", "bool", "bool", "a and b"),
    ("bool", "bool", "bool", "a or b"),
    ("bool", "bool", "bool", "not(a) or b"),
    ("long", "bool", "long", "iff(a, b, 5)"),
    ("string", "bool", "string", "case(a, b, b == 'a', 'second', 'none')"),
    ("long", "long", "long", "coalesce(a, b)"),
    ("string", "string", "string", "coalesce(a, b)"),
    ("long", "long", "long", "max_of(a, b)"),
    ("datetime", "datetime", "datetime", "min_of(a, b)"),
    ("string", "string", "string", "strcat(a, '-', b)"),
    ("string", "long", "bool", "strcat(a, b)"),
    ("bool", "long", "string", "isnull(a) or isempty(b)"),
    ("bool", "long", "long", "a in (1, 7)"),
    ("long", "long", "long", "-a"),
]


@pytest.mark.parametrize(("result", "left", "right", "form"), FORMS)
def test_an_interpreted_form_is_the_computed_one(result: str, left: str, right: str, form: str) -> None:
    values = SMALL | {kind: every for kind, every in VALUES.items() if kind not in SMALL}
    chosen = VALUES if result == "bool" or form == "a / b" else values
    pairs = product(chosen[left], chosen[right])
    # Null before NaN is null or false, which is the same to a condition.
    table = ", ".join(f"{one}, {two}" for one, two in pairs if {one, two} != {"real(null)", "real(nan)"})
    # The engine cannot know `a` before: it depends on what the step remembers, if only by name.
    read = f"iff(s.never == 1, {left}(null), a)" if left != "string" else "iff(s.never == 1, '', a)"
    found = run(
        f"datatable(a:{left}, b:{right})[{table}] | serialize | extend never = 0"
        f" | scan declare (r:{result}) with (step s: true => r = {_reading(form, read)};)"
        f" | project a, b, r, expected = {form}",
        {},
    )
    assert [row[2] for row in rows_of(found)] == [row[3] for row in rows_of(found)]


def _reading(form: str, read: str) -> str:
    """The form with another expression for the column `a`."""
    return re.sub(r"\ba\b(?!')", lambda _: read, form)
