"""Which alerts a client sees, in what order, and how many there are by group."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, or_, select, true

from lazulite.alerts.instance import Alert, alert_of
from lazulite.alerts.table import ALERT
from lazulite.core.resource_id import ResourceId
from lazulite.state.database import Database

PAGE = 25
MAX_PAGE = 250

# Query parameter -> the columns of which one must have the value; values compare without case.
FILTERS = {
    "targetResourceType": (ALERT.c.target_type,),
    "targetResourceGroup": (ALERT.c.target_group,),
    "monitorService": (ALERT.c.monitor_service,),
    "monitorCondition": (ALERT.c.monitor_condition,),
    "severity": (ALERT.c.severity,),
    "alertState": (ALERT.c.alert_state,),
    "alertRule": (ALERT.c.rule, ALERT.c.name),
}
SORTS = {
    "name": ALERT.c.name,
    "severity": ALERT.c.severity,
    "alertState": ALERT.c.alert_state,
    "monitorCondition": ALERT.c.monitor_condition,
    "targetResource": ALERT.c.target_key,
    "targetResourceName": ALERT.c.target_name,
    "targetResourceGroup": ALERT.c.target_group,
    "targetResourceType": ALERT.c.target_type,
    "startDateTime": ALERT.c.started,
    "lastModifiedDateTime": ALERT.c.modified,
}
GROUPS = {
    "severity": ALERT.c.severity,
    "alertState": ALERT.c.alert_state,
    "monitorCondition": ALERT.c.monitor_condition,
    "monitorService": ALERT.c.monitor_service,
    "signalType": ALERT.c.signal_type,
    "alertRule": ALERT.c.rule,
}


@dataclass(frozen=True)
class AlertFilter:
    """`scope` keeps the alerts on or below a resource, group or subscription; `equal` has names of FILTERS.

    `since` and `until` bound the start in ticks, [since, until).
    """

    scope: ResourceId | None = None
    target: ResourceId | None = None
    equal: tuple[tuple[str, str], ...] = ()
    since: int | None = None
    until: int | None = None


@dataclass(frozen=True)
class AlertPage:
    """`after` is (sort value, alert id) of the last alert of the page before; `sort` a name of SORTS."""

    sort: str = "lastModifiedDateTime"
    descending: bool = True
    limit: int = PAGE
    after: tuple[Any, str] | None = None


@dataclass(frozen=True)
class Found:
    """A page of alerts, and where the next one goes on (None at the end)."""

    alerts: Sequence[Alert]
    next: tuple[Any, str] | None


@dataclass(frozen=True)
class Group:
    """Alerts with one value of the grouping field `by`, and those split further."""

    name: str
    count: int
    by: str = ""
    groups: tuple[Group, ...] = ()


class AlertQueries:
    """Reads alert instances."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def list(self, filter: AlertFilter, page: AlertPage) -> Found:
        """One page; `page.limit` is at most MAX_PAGE."""
        column = SORTS[page.sort]
        limit = min(max(page.limit, 1), MAX_PAGE)
        query = select(ALERT).where(_where(filter)).limit(limit + 1)
        with self._database.read() as connection:
            rows = connection.execute(_ordered(query, page)).all()
        shown = rows[:limit]
        following = (shown[-1]._mapping[column], shown[-1].id) if len(rows) > limit else None
        return Found([alert_of(row) for row in shown], following)

    def summary(self, filter: AlertFilter, by: Sequence[str]) -> tuple[int, tuple[Group, ...]]:
        """The number of alerts, and their groups nested in the order of `by` (names of GROUPS)."""
        columns = [GROUPS[name] for name in by]
        query = select(*columns, func.count()).where(_where(filter)).group_by(*columns)
        with self._database.read() as connection:
            counts = [(tuple(row[:-1]), int(row[-1])) for row in connection.execute(query)]
        return sum(count for _, count in counts), _nested(counts, tuple(by))


def _nested(counts: Sequence[tuple[tuple[str, ...], int]], by: tuple[str, ...]) -> tuple[Group, ...]:
    if not by:
        return ()
    below: dict[str, list[tuple[tuple[str, ...], int]]] = {}
    for values, count in counts:
        below.setdefault(values[0], []).append((values[1:], count))
    next_by = by[1] if len(by) > 1 else ""
    return tuple(
        Group(name, sum(count for _, count in rest), next_by, _nested(rest, by[1:]))
        for name, rest in sorted(below.items())
    )


def _where(filter: AlertFilter) -> ColumnElement[bool]:
    terms: list[ColumnElement[bool]] = [true()]
    for within in (filter.scope, filter.target):
        if within is not None:
            below = ALERT.c.target_key.startswith(within.key + "/", autoescape=True)
            terms.append(or_(ALERT.c.target_key == within.key, below))
    for name, value in filter.equal:
        terms.append(or_(*(func.lower(column) == value.lower() for column in FILTERS[name])))
    if filter.since is not None:
        terms.append(ALERT.c.started >= filter.since)
    if filter.until is not None:
        terms.append(ALERT.c.started < filter.until)
    return and_(*terms)


def _ordered(query: Select[Any], page: AlertPage) -> Select[Any]:
    column = SORTS[page.sort]
    if page.after is not None:
        value, alert_id = page.after
        beyond = column < value if page.descending else column > value
        tie = ALERT.c.id < alert_id if page.descending else ALERT.c.id > alert_id
        query = query.where(or_(beyond, and_(column == value, tie)))
    order = (column, ALERT.c.id)
    return query.order_by(*(each.desc() for each in order)) if page.descending else query.order_by(*order)
