"""Tables and the tabular operators, each with the KQL that makes it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import cmp_to_key
from typing import Any

from tests.kql.reference import values as v
from tests.kql.reference.expressions import Expr

Rows = list[tuple[Any, ...]]


@dataclass(frozen=True)
class Rel:
    """Rows under typed columns; `ordered` says that their order is the only right one."""

    text: str
    columns: dict[str, str]
    rows: Rows
    ordered: bool = False

    @property
    def names(self) -> list[str]:
        """The names, in order."""
        return list(self.columns)

    def records(self) -> list[dict[str, Any]]:
        """The rows by name."""
        return [dict(zip(self.columns, row, strict=True)) for row in self.rows]

    def then(self, text: str, columns: dict[str, str], rows: Iterable[Iterable[Any]], ordered: bool = False) -> Rel:
        """The relation after `| text`."""
        return Rel(f"{self.text}\n| {text}", columns, [tuple(row) for row in rows], ordered)

    def pick(self, names: list[str]) -> Rows:
        """The rows with these columns only."""
        return [tuple(record[name] for name in names) for record in self.records()]


def datatable(columns: dict[str, str], rows: Rows) -> str:
    """A table written in the query."""
    head = ", ".join(f"{v.named(name)}:{kind}" for name, kind in columns.items())
    cells = [v.literal(kind, value) for row in rows for kind, value in zip(columns.values(), row, strict=True)]
    return f"datatable({head})[{', '.join(cells)}]"


def where(rel: Rel, condition: Expr) -> Rel:
    """Null is not true."""
    kept = [row for row, record in zip(rel.rows, rel.records(), strict=True) if condition.of(record) is True]
    return rel.then(f"where {condition.text}", rel.columns, kept, rel.ordered)


def _listed(items: dict[str, Expr]) -> str:
    return ", ".join(f"{v.named(name)} = {value.text}" for name, value in items.items())


def extend(rel: Rel, items: dict[str, Expr]) -> Rel:
    """New columns at the end, or in the place of one of the same name."""
    columns = rel.columns | {name: value.type for name, value in items.items()}
    made = [record | {name: value.of(record) for name, value in items.items()} for record in rel.records()]
    rows = [[record[name] for name in columns] for record in made]
    return rel.then(f"extend {_listed(items)}", columns, rows, rel.ordered)


def project(rel: Rel, items: dict[str, Expr]) -> Rel:
    """Exactly these."""
    columns = {name: value.type for name, value in items.items()}
    rows = [[value.of(record) for value in items.values()] for record in rel.records()]
    return rel.then(f"project {_listed(items)}", columns, rows, rel.ordered)


def chosen(rel: Rel, word: str, names: list[str]) -> Rel:
    """project-away, -keep and -reorder."""
    kept = {
        "project-away": [name for name in rel.names if name not in names],
        "project-keep": [name for name in rel.names if name in names],
        "project-reorder": names + [name for name in rel.names if name not in names],
    }[word]
    columns = {name: rel.columns[name] for name in kept}
    return rel.then(f"{word} {', '.join(map(v.named, names))}", columns, rel.pick(kept), rel.ordered)


def rename(rel: Rel, new: str, old: str) -> Rel:
    """project-rename of one column."""
    columns = {new if name == old else name: kind for name, kind in rel.columns.items()}
    return rel.then(f"project-rename {v.named(new)} = {v.named(old)}", columns, rel.rows, rel.ordered)


# ---- order

Key = tuple[str, bool, bool]


def _order(rel: Rel, keys: list[Key]) -> tuple[str, Rows, bool]:
    places = [(rel.names.index(name), descending, nulls) for name, descending, nulls in keys]

    def compare(one: tuple[Any, ...], two: tuple[Any, ...]) -> int:
        found = (v.before(one[at], two[at], descending, nulls) for at, descending, nulls in places)
        return next((one for one in found if one), 0)

    text = ", ".join(
        f"{v.named(name)} {'desc' if down else 'asc'} nulls {'first' if nulls else 'last'}"
        for name, down, nulls in keys
    )
    return text, sorted(rel.rows, key=cmp_to_key(compare)), {name for name, _, _ in keys} == set(rel.names)


def sort(rel: Rel, keys: list[Key]) -> Rel:
    """sort by; by all columns only equal rows tie, so the order is the only one."""
    text, rows, total = _order(rel, keys)
    return rel.then(f"sort by {text}", rel.columns, rows, total)


def take(rel: Rel, count: int) -> Rel:
    """The first rows of an ordered relation."""
    assert rel.ordered
    return rel.then(f"take {count}", rel.columns, rel.rows[:count], True)


def top(rel: Rel, count: int, keys: list[Key]) -> Rel:
    """Sorted by all columns, and cut."""
    text, rows, total = _order(rel, keys)
    assert total
    return rel.then(f"top {count} by {text}", rel.columns, rows[:count], True)


# ---- groups

Aggregate = tuple[str, str, Callable[[list[dict[str, Any]]], Any]]


def groups(rows: Iterable[Any], of: Callable[[Any], tuple[Any, ...]]) -> dict[tuple[Any, ...], list[Any]]:
    """The rows by key; nulls are one group, NaN another."""
    found: dict[tuple[Any, ...], list[Any]] = {}
    for row in rows:
        found.setdefault(tuple(map(v.key, of(row))), []).append(row)
    return found


def summarize(rel: Rel, aggregates: dict[str, Aggregate], keys: dict[str, Expr]) -> Rel:
    """One row a group; without keys one row, always."""
    records = rel.records()
    grouped = groups(records, lambda record: tuple(value.of(record) for value in keys.values()))
    if not keys and not records:
        grouped = {(): []}
    rows = [
        [*(value.of(rows[0]) for value in keys.values()), *(form(rows) for _, _, form in aggregates.values())]
        for rows in grouped.values()
    ]
    columns = {name: value.type for name, value in keys.items()} | {name: a[0] for name, a in aggregates.items()}
    made = ", ".join(f"{v.named(name)} = {text}" for name, (_, text, _) in aggregates.items())
    by = f" by {_listed(keys)}" if keys else ""
    return rel.then(f"summarize {made}{by}", columns, rows)


def distinct(rel: Rel, names: list[str]) -> Rel:
    """Each combination once."""
    rows = [found[0] for found in groups(rel.pick(names), lambda row: row).values()]
    return rel.then(f"distinct {', '.join(map(v.named, names))}", {n: rel.columns[n] for n in names}, rows)


# ---- several relations


def absent(kind: str) -> Any:
    """What stands for a column of a side without partner."""
    return "" if kind == "string" else None


def join(left: Rel, right: Rel, kind: str, one: str, two: str) -> Rel:
    """On one column of each side; a null key joins a null key."""
    rights = groups(right.records(), lambda record: (record[two],))
    lefts = groups(left.records(), lambda record: (record[one],))
    partners = lambda found, value: found.get((v.key(value),), [])  # noqa: E731
    l_row = lambda record: tuple(record[n] for n in left.names)  # noqa: E731
    r_row = lambda record: tuple(record[n] for n in right.names)  # noqa: E731
    no_left = tuple(map(absent, left.columns.values()))
    no_right = tuple(map(absent, right.columns.values()))
    pairs = [l_row(a) + r_row(b) for a in left.records() for b in partners(rights, a[one])]
    left_alone = [l_row(a) for a in left.records() if not partners(rights, a[one])]
    right_alone = [r_row(b) for b in right.records() if not partners(lefts, b[two])]
    rows = {
        "inner": lambda: pairs,
        "leftouter": lambda: pairs + [row + no_right for row in left_alone],
        "rightouter": lambda: pairs + [no_left + row for row in right_alone],
        "fullouter": lambda: pairs + [a + no_right for a in left_alone] + [no_left + b for b in right_alone],
        "leftsemi": lambda: [l_row(a) for a in left.records() if partners(rights, a[one])],
        "rightsemi": lambda: [r_row(b) for b in right.records() if partners(lefts, b[two])],
        "leftanti": lambda: left_alone,
        "rightanti": lambda: right_alone,
    }[kind]()
    columns = right.columns if kind.startswith("right") and kind != "rightouter" else dict(left.columns)
    if kind in ("inner", "leftouter", "rightouter", "fullouter"):
        for name, type_ in right.columns.items():
            columns[_free(name, columns)] = type_
    on = v.named(one) if one == two else f"$left.{v.named(one)} == $right.{v.named(two)}"
    return left.then(f"join kind={kind} (\n{right.text}\n) on {on}", columns, rows)


def _free(name: str, taken: dict[str, str]) -> str:
    numbered = (f"{name}{number or ''}" for number in range(len(taken) + 1))
    return next(candidate for candidate in numbered if candidate not in taken)


def union(one: Rel, two: Rel) -> Rel:
    """kind=outer of relations whose equal names have equal types."""
    columns = one.columns | two.columns
    rows = [
        [record[name] if name in rel.columns else absent(kind) for name, kind in columns.items()]
        for rel in (one, two)
        for record in rel.records()
    ]
    return one.then(f"union (\n{two.text}\n)", columns, rows)


def expand(rel: Rel, name: str) -> Rel:
    """mv-expand: a null is one row of null, an empty array or bag is none; a bag gives a bag of each member."""
    at = rel.names.index(name)
    rows = [(*row[:at], one, *row[at + 1 :]) for row in rel.rows for one in _items(row[at])]
    return rel.then(f"mv-expand {v.named(name)}", rel.columns, rows)


def _items(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return [{name: one} for name, one in value.items()]
    return value if isinstance(value, list) else [value]


def count(rel: Rel) -> Rel:
    """How many rows."""
    return rel.then("count", {"Count": "long"}, [(len(rel.rows),)], True)


def bound(rel: Rel, text: str) -> Rel:
    """The same rows under other KQL that means them."""
    return replace(rel, text=text)
