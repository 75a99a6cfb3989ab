"""Plugins that count ids along a timeline: each is a text of KQL over the columns t (when), id (who) and dimensions.

A window starts at a multiple of its length counted from the start of the analysis, whose end is part of it. Steps that
are named (`week`, `month`, `year`) are refused.
"""

from __future__ import annotations

from typing import Final

from lazulite.kql import types
from lazulite.kql.binder.conversion import convert
from lazulite.kql.binder.plugins.record import Call, Plugin
from lazulite.kql.binder.plugins.template import bound, called, under
from lazulite.kql.binder.scope import Meaning, Rel
from lazulite.kql.errors import limit, semantic, unsupported
from lazulite.kql.plan import Const, Expr
from lazulite.kql.plan import Ref as Column

# How many windows one row may count in.
MOST_WINDOWS: Final = 10_000
TIMELINES: Final = (types.DATETIME, types.TIMESPAN, types.LONG, types.INT)

SLIDING: Final = """
rows
| where t >= start - lookback and t <= end
| summarize n = count() by t = bin_at(t, step, start), id{by}
| extend one = 1
| join kind=inner (range i from 0 to windows - 1 step 1 | extend one = 1) on one
| extend t = t + i * step
| where t >= start and t <= end
| summarize Count = sum(n), Dcount = dcount(id) by t{by}
"""
COUNTS: Final = """
let active = rows | where t >= start and t <= end | summarize n = count() by t = bin_at(t, step, start), id{by};
let firsts = active | summarize t = min(t) by id{by} | summarize fresh = count() by t{by};
active
| summarize ['count'] = sum(n), dcount = dcount(id) by t{by}
| join kind=leftouter firsts on t{by}
| extend new_dcount = coalesce(fresh, 0)
| sort by {sorted}t asc
| extend aggregated_dcount = row_cumsum(new_dcount{changed})
| project t{by}, ['count'], dcount, new_dcount, aggregated_dcount
"""
METRICS: Final = """
let active = rows | where t >= start and t <= end | summarize by t = bin_at(t, step, start), id{by};
active
| join kind=leftouter (active | extend t = t + step, seen = true) on t, id{by}
| summarize dcount_values = count(), returned = countif(seen) by t{by}
| join kind=leftouter (active | extend t = t + step | summarize before = count() by t{by}) on t{by}
| extend before = coalesce(before, 0)
| project t{by}, dcount_values, dcount_newvalues = dcount_values - returned,
          retention_rate = todouble(returned) / todouble(before),
          churn_rate = todouble(before - returned) / todouble(before)
"""
FANS: Final = """
let seen = rows | where t > start - lookback and t <= end | summarize by t, id{by};
seen
| where t >= start
| join kind=inner (seen | project past = t, id{by}) on id{by}
| where past <= t and past > t - lookback
| summarize periods = count_distinct(bin_at(past, period, start)) by t, id{by}
| where periods >= least
| summarize dcount = dcount(id) by t = bin_at(t, step, start){by}
"""
ROLLING: Final = """
let binned = rows | where isnotnull(t) | extend t = bin(t, step), one = 1;
binned
| join kind=inner (range i from 0 to windows - 1 step 1 | extend one = 1) on one
| extend t = t + i * step
| where t <= toscalar(binned | summarize max(t))
| summarize found = percentile(id, share) by t{by}
"""


def _filled(text: str, dimensions: int) -> str:
    """The text with the dimensions' columns in it: d0, d1, ..."""
    names = [f"d{at}" for at in range(dimensions)]
    changed = " or ".join(f"{name} != prev({name})" for name in names)
    return (
        text.replace("{by}", "".join(f", {name}" for name in names))
        .replace("{sorted}", "".join(f"{name} asc, " for name in names))
        .replace("{changed}", f", {changed}" if changed else "")
    )


def _counted(call: Call, text: str, names: dict[str, Meaning], who: str = "IdColumn", when: str = "") -> Rel:
    id_name, moment = call.column(who), call.column(when or "TimelineColumn")
    dimensions = call.dimensions()
    for name, ref in (id_name, *dimensions):
        if ref.type == types.DYNAMIC:
            raise semantic(f"{call.node.name} cannot count by '{name}', a dynamic: convert it", call.node.span)
    columns = {"t": moment[1], "id": id_name[1], **{f"d{at}": ref for at, (_, ref) in enumerate(dimensions)}}
    found = bound(
        call.scope, _filled(text, len(dimensions)), {"rows": under(call.rel, columns), **names}, call.node.span
    )
    return called(found, {"t": moment[0], **{f"d{at}": name for at, (name, _) in enumerate(dimensions)}})


def _moment(call: Call, name: str) -> Expr:
    """A point of the timeline, as a value of its type."""
    return convert(call.value(name), _timeline(call).type, call.arguments[name].span)


def _timeline(call: Call, name: str = "TimelineColumn") -> Column:
    text, ref = call.column(name)
    if ref.type not in TIMELINES:
        raise semantic(f"The timeline '{text}' is of type {ref.type}, not a moment, a span or whole", call.node.span)
    return ref


def _length(call: Call, name: str, timeline: Column) -> Const:
    """A positive, constant length on the timeline."""
    kind = types.TIMESPAN if timeline.type in (types.DATETIME, types.TIMESPAN) else types.LONG
    value = call.value(name)
    if value.type == types.STRING:
        raise unsupported(f"The calendar's own steps ('{name}' as text) in {call.node.name}", call.node.span)
    found = call.constant(name, kind)
    if not isinstance(found.value, int) or found.value <= 0:
        raise semantic(f"The argument '{name}' of {call.node.name} must be more than 0", call.arguments[name].span)
    return found


def _windows(call: Call, count: int) -> Const:
    if count > MOST_WINDOWS:
        raise limit(f"A row would count in {count} windows; at most {MOST_WINDOWS} are allowed", call.node.span)
    return Const(types.LONG, count)


def _bounds(call: Call) -> dict[str, Meaning]:
    return {"start": _moment(call, "Start"), "end": _moment(call, "End")}


def _sliding(call: Call) -> Rel:
    timeline = _timeline(call)
    lookback, step = _length(call, "LookbackWindow", timeline), _length(call, "Bin", timeline)
    assert isinstance(lookback.value, int)
    assert isinstance(step.value, int)
    windows = _windows(call, -(-lookback.value // step.value))
    names: dict[str, Meaning] = {**_bounds(call), "lookback": lookback, "step": step, "windows": windows}
    return _counted(call, SLIDING, names)


def _counts(call: Call) -> Rel:
    return _counted(call, COUNTS, {**_bounds(call), "step": _length(call, "Window", _timeline(call))})


def _metrics(call: Call) -> Rel:
    return _counted(call, METRICS, {**_bounds(call), "step": _length(call, "Window", _timeline(call))})


def _fans(call: Call) -> Rel:
    timeline = _timeline(call)
    names: dict[str, Meaning] = {
        **_bounds(call),
        "lookback": _length(call, "LookbackWindow", timeline),
        "period": _length(call, "Period", timeline),
        "least": call.constant("ActivePeriodsCount", types.LONG),
        "step": _length(call, "Bin", timeline),
    }
    return _counted(call, FANS, names)


def _rolling(call: Call) -> Rel:
    share = call.number("Percentile", 0.0, 0.0, 100.0)
    bins = call.constant("BinsPerWindow", types.LONG).value
    if not isinstance(bins, int) or bins < 1:
        raise semantic("The argument 'BinsPerWindow' of rolling_percentile must be 1 or more", call.node.span)
    names: dict[str, Meaning] = {
        "step": _length(call, "BinSize", _timeline(call, "IndexColumn")),
        "windows": _windows(call, bins),
        "share": Const(types.REAL, share),
    }
    found = _counted(call, ROLLING, names, "ValueColumn", "IndexColumn")
    value = call.column("ValueColumn")[0]
    return called(found, {"found": f"rolling_{bins}_percentile_{value}_{share:.15g}"})


_SAMPLE: Final = "datatable(who:string, day:datetime)['a', datetime(2024-01-01), 'b', datetime(2024-01-02)]"
_SPAN: Final = "datetime(2024-01-01), datetime(2024-01-02)"
PLUGINS: Final = (
    Plugin(
        "sliding_window_counts",
        "How many rows and how many different ids each window had that ends in a bin.",
        ("IdColumn", "TimelineColumn", "Start", "End", "LookbackWindow", "Bin"),
        6,
        _sliding,
        f"{_SAMPLE} | evaluate sliding_window_counts(who, day, {_SPAN}, 3d, 1d)",
        several="dimensions...",
    ),
    Plugin(
        "activity_counts_metrics",
        "Rows, different ids, ids that are new, and ids so far, of each window.",
        ("IdColumn", "TimelineColumn", "Start", "End", "Window"),
        5,
        _counts,
        f"{_SAMPLE} | evaluate activity_counts_metrics(who, day, {_SPAN}, 1d)",
        several="dimensions...",
    ),
    Plugin(
        "activity_metrics",
        "Different ids of each window, those not in the window before, and the shares that returned and were lost.",
        ("IdColumn", "TimelineColumn", "Start", "End", "Window"),
        5,
        _metrics,
        f"{_SAMPLE} | evaluate activity_metrics(who, day, {_SPAN}, 1d)",
        several="dimensions...",
    ),
    Plugin(
        "active_users_count",
        "Different ids of each bin that were there in so many periods of the time before.",
        ("IdColumn", "TimelineColumn", "Start", "End", "LookbackWindow", "Period", "ActivePeriodsCount", "Bin"),
        8,
        _fans,
        f"{_SAMPLE} | evaluate active_users_count(who, day, {_SPAN}, 8d, 1d, 1, 7d)",
        several="dimensions...",
    ),
    Plugin(
        "rolling_percentile",
        "A percentile of the values in each window of bins.",
        ("ValueColumn", "Percentile", "IndexColumn", "BinSize", "BinsPerWindow"),
        5,
        _rolling,
        "range n from 1 to 9 step 1 | extend v = n * 2 | evaluate rolling_percentile(v, 50, n, 3, 2)",
        several="dimensions...",
    ),
)
