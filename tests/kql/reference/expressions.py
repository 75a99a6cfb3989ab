"""Typed expressions: the KQL text of each, and its value for a row."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from tests.kql.reference import values as v

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Expr:
    """`type` is the Kusto type, `text` the KQL."""

    type: str
    text: str
    of: Callable[[Row], Any]


def column(name: str, kind: str) -> Expr:
    """A column of the row."""
    return Expr(kind, v.named(name), lambda row: row[name])


def constant(kind: str, value: Any) -> Expr:
    """A literal."""
    return Expr(kind, v.literal(kind, value), lambda row: value)


def call(kind: str, text: str, function: Callable[..., Any], *given: Expr, total: bool = False) -> Expr:
    """`text` has {0}, {1} for the arguments; null for a null argument unless the function is total."""
    strict = function if total else v.strict(function)
    return Expr(kind, text.format(*(e.text for e in given)), lambda row: strict(*(e.of(row) for e in given)))


# ---- conditions

COMPARISONS: dict[str, Callable[[Any, Any], Any]] = {
    "==": v.equal,
    "!=": v.different,
    "<": v.strict(lambda a, b: a < b),
    "<=": v.strict(lambda a, b: a <= b),
    ">": v.strict(lambda a, b: a > b),
    ">=": v.strict(lambda a, b: a >= b),
}


def compare(operator: str, one: Expr, two: Expr) -> Expr:
    """One of the six comparisons."""
    return call("bool", f"({{0}} {operator} {{1}})", COMPARISONS[operator], one, two, total=True)


def both(one: Expr, two: Expr) -> Expr:
    """and: false beside a false, else null beside a null."""
    return call("bool", "({0} and {1})", _all, one, two, total=True)


def either(one: Expr, two: Expr) -> Expr:
    """or: true beside a true, else null beside a null."""
    return call("bool", "({0} or {1})", _any, one, two, total=True)


def _any(*tests: bool | None) -> bool | None:
    return True if True in tests else None if None in tests else False


def _all(*tests: bool | None) -> bool | None:
    return False if False in tests else None if None in tests else True


def negated(one: Expr) -> Expr:
    """not(): null stays null. The operand is a comparison."""
    return call("bool", "not({0})", lambda a: not a, one)


def terms(text: str) -> list[str]:
    """Maximal runs of letters and digits, in lower case."""
    return "".join(c if c.isalnum() else " " for c in text.lower()).split()


def has(text: str, term: str) -> bool:
    """`has` of one whole term."""
    return term.lower() in terms(text)


TEXT_TESTS: dict[str, Callable[[str, str], bool]] = {
    "=~": lambda a, b: a.lower() == b.lower(),
    "!~": lambda a, b: a.lower() != b.lower(),
    "contains": lambda a, b: b.lower() in a.lower(),
    "!contains": lambda a, b: b.lower() not in a.lower(),
    "contains_cs": lambda a, b: b in a,
    "startswith": lambda a, b: a.lower().startswith(b.lower()),
    "!startswith": lambda a, b: not a.lower().startswith(b.lower()),
    "startswith_cs": lambda a, b: a.startswith(b),
    "endswith": lambda a, b: a.lower().endswith(b.lower()),
    "endswith_cs": lambda a, b: a.endswith(b),
}


def text_test(operator: str, one: Expr, two: Expr) -> Expr:
    """A comparison of strings."""
    return call("bool", f"({{0}} {operator} {{1}})", TEXT_TESTS[operator], one, two)


def has_term(operator: str, one: Expr, term: str) -> Expr:
    """has and !has of a constant term of letters and digits."""
    wanted = operator == "has"
    return call("bool", f"({{0}} {operator} {v.quoted(term)})", lambda a: has(a, term) == wanted, one)


def one_of(operator: str, one: Expr, items: list[Expr]) -> Expr:
    """in and in~ of constants; null is in no list."""
    same = TEXT_TESTS["=~"] if operator == "in~" else lambda a, b: a == b
    text = f"({one.text} {operator} ({', '.join(item.text for item in items)}))"

    def found(row: Row) -> bool:
        value = one.of(row)
        return value is not None and any(same(value, item.of({})) for item in items)

    return Expr("bool", text, found)


def between(one: Expr, low: Expr, high: Expr) -> Expr:
    """between, both ends included: outside of one bound it is false, whether or not the other is null."""

    def inside(value: Any, least: Any, most: Any) -> bool | None:
        return _all(*(None if None in pair else pair[0] <= pair[1] for pair in ((least, value), (value, most))))

    return call("bool", "({0} between ({1} .. {2}))", inside, one, low, high, total=True)


def is_null(one: Expr) -> Expr:
    """isnull(); a string is never null."""
    return call("bool", "isnull({0})", lambda a: a is None, one, total=True)


def is_empty(one: Expr) -> Expr:
    """isempty(): of an empty string, or of a null."""
    return call("bool", "isempty({0})", lambda a: a is None or a == "", one, total=True)


def choice(condition: Expr, one: Expr, two: Expr) -> Expr:
    """iff(): a null condition is false."""
    return call(one.type, "iff({0}, {1}, {2})", lambda c, a, b: a if c else b, condition, one, two, total=True)


def coalesced(one: Expr, two: Expr) -> Expr:
    """coalesce(): for strings, the first that is not empty."""
    form = "coalesce({0}, {1})"
    if one.type == "string":
        return call("string", form, lambda a, b: a or b, one, two)
    return call(one.type, form, lambda a, b: b if a is None else a, one, two, total=True)


# ---- numbers, texts and times: result type, argument types, KQL, meaning

Form = tuple[str, tuple[str, ...], str, Callable[..., Any]]
FORMS: tuple[Form, ...] = (
    ("long", ("long", "long"), "({0} + {1})", lambda a, b: v.whole(a + b)),
    ("long", ("long", "long"), "({0} - {1})", lambda a, b: v.whole(a - b)),
    ("long", ("long", "long"), "({0} * {1})", lambda a, b: v.whole(a * b)),
    ("long", ("long", "long"), "({0} / {1})", v.quotient),
    ("long", ("long", "long"), "({0} % {1})", v.remainder),
    ("long", ("int", "long"), "({0} + {1})", lambda a, b: v.whole(a + b)),
    ("long", ("long", "int"), "({0} * {1})", lambda a, b: v.whole(a * b)),
    ("long", ("int",), "tolong({0})", lambda a: a),
    ("long", ("long",), "(-{0})", lambda a: v.whole(-a)),
    ("long", ("long",), "abs({0})", lambda a: v.whole(abs(a))),
    ("long", ("long",), "bin({0}, 7)", lambda a: v.floored(a, 7)),
    ("long", ("string",), "strlen({0})", len),
    ("long", ("bool",), "tolong({0})", int),
    ("real", ("real", "real"), "({0} + {1})", lambda a, b: a + b),
    ("real", ("real", "real"), "({0} - {1})", lambda a, b: a - b),
    ("real", ("real", "real"), "({0} * {1})", v.product),
    ("real", ("real", "real"), "({0} / {1})", v.real_quotient),
    ("real", ("long", "real"), "({0} + {1})", lambda a, b: a + b),
    ("real", ("real", "int"), "({0} * {1})", v.product),
    ("real", ("long",), "todouble({0})", float),
    ("real", ("timespan", "timespan"), "({0} / {1})", lambda a, b: v.real_quotient(float(a), float(b))),
    ("string", ("string", "string"), "strcat({0}, {1})", lambda a, b: a + b),
    ("string", ("string", "long", "string"), "strcat({0}, {1}, {2})", lambda a, b, c: f"{a}{b}{c}"),
    ("string", ("string",), "substring({0}, 1, 2)", lambda a: a[1:3]),
    ("string", ("string",), "toupper({0})", lambda a: a.upper()),
    ("string", ("string",), "tolower({0})", lambda a: a.lower()),
    ("datetime", ("datetime", "timespan"), "({0} + {1})", lambda a, b: v.moment(a + b)),
    ("datetime", ("datetime", "timespan"), "({0} - {1})", lambda a, b: v.moment(a - b)),
    ("datetime", ("datetime",), "bin({0}, 7d)", lambda a: v.floored(a, 7 * v.DAY)),
    ("datetime", ("datetime",), "bin({0}, 37s)", lambda a: v.floored(a, 37 * v.SECOND)),
    ("datetime", ("datetime",), "startofday({0})", lambda a: v.floored(a, v.DAY)),
    ("datetime", ("datetime",), "startofmonth({0})", v.month_start),
    ("datetime", ("datetime",), "startofyear({0})", v.year_start),
    ("datetime", ("datetime",), "startofweek({0})", v.week_start),
    ("datetime", ("datetime",), "endofday({0})", lambda a: v.floored(a, v.DAY) + v.DAY - 1),
    ("long", ("datetime",), "tolong(getyear({0}))", lambda a: v.day_of(a).year),
    ("long", ("datetime",), "tolong(monthofyear({0}))", lambda a: v.day_of(a).month),
    ("long", ("datetime",), "tolong(dayofyear({0}))", lambda a: v.day_of(a).timetuple().tm_yday),
    ("long", ("datetime",), "tolong(hourofday({0}))", lambda a: a % v.DAY // (3600 * v.SECOND)),
    ("timespan", ("datetime",), "dayofweek({0})", lambda a: v.day_of(a).isoweekday() % 7 * v.DAY),
    ("timespan", ("datetime", "datetime"), "({0} - {1})", lambda a, b: v.whole(a - b)),
    ("timespan", ("timespan", "timespan"), "({0} + {1})", lambda a, b: v.whole(a + b)),
    ("timespan", ("timespan", "timespan"), "({0} - {1})", lambda a, b: v.whole(a - b)),
    ("timespan", ("timespan", "long"), "({0} * {1})", lambda a, b: v.whole(a * b)),
    ("timespan", ("timespan",), "(-{0})", lambda a: v.whole(-a)),
    ("timespan", ("timespan",), "bin({0}, 1h)", lambda a: v.floored(a, 3600 * v.SECOND)),
)
# Of any value, null included.
TEXTS: dict[str, Callable[[Any], str]] = {
    "bool": lambda a: "" if a is None else str(a),
    "int": lambda a: "" if a is None else str(a),
    "long": lambda a: "" if a is None else str(a),
    "datetime": lambda a: "" if a is None else v.datetime_text(a),
    "timespan": lambda a: "" if a is None else v.timespan_text(a),
}


def applied(form: Form, given: list[Expr]) -> Expr:
    """One of the forms, of arguments."""
    kind, _, text, function = form
    if kind == "string" and "strcat" in text:
        return call(kind, text, lambda *a: function(*("" if x is None else x for x in a)), *given, total=True)
    return call(kind, text, function, *given)


def as_text(one: Expr) -> Expr:
    """tostring(): of a null the empty string."""
    return call("string", "tostring({0})", TEXTS[one.type], one, total=True)


# ---- dynamic


def member(one: Expr, name: str) -> Expr:
    """A member of a bag; null of anything else."""
    return call("dynamic", f"{{0}}.{name}", lambda a: a.get(name) if isinstance(a, dict) else None, one)


def element(one: Expr, position: int) -> Expr:
    """An element of an array, from the end when negative; null outside."""

    def found(value: Any) -> Any:
        inside = isinstance(value, list) and -len(value) <= position < len(value)
        return value[position] if inside else None

    return call("dynamic", f"{{0}}[{position}]", found, one)


def array_length(one: Expr) -> Expr:
    """Null of what is no array."""
    return call("long", "array_length({0})", lambda a: len(a) if isinstance(a, list) else None, one)
