"""Percentiles by nearest rank, exact: the least value that so many percent of the rows do not exceed.

The states of tdigest() hold every different value with its weight, so that what is made of them is as exact.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

from lazulite.kql import ticks, types
from lazulite.kql.errors import runtime
from lazulite.kql.functions.aggregates import aggregate
from lazulite.kql.functions.json_values import LIMIT, Json
from lazulite.kql.functions.record import Function, Signature, function, local, sig

# Values with weights in order, and the sum of the weights; then the first value at which the weights so far reach a
# share of the sum. The share is {1} of {2}, in whole numbers.
WEIGHTED: Final = (
    "struct_pack(l := list(struct_pack(v := {0}, w := {1}::HUGEINT) ORDER BY {0}) "
    "FILTER (WHERE {0} IS NOT NULL AND {1} > 0), t := sum({1}) FILTER (WHERE {0} IS NOT NULL AND {1} > 0))"
)
REACHED: Final = (
    "list_reduce(({0}).l, lambda a, b: CASE WHEN a.w * {2} >= {1} * ({0}).t THEN a "
    "ELSE struct_pack(v := b.v, w := a.w + b.w) END).v"
)


def _kinds(*, form: str, more: str = "") -> tuple[Signature, ...]:
    """A form for each type that has percentiles; int gives long and decimal gives real."""
    return (
        sig(f"integer{more} -> long", f"({form})::BIGINT", total=False),
        sig(f"real{more} -> real", form, total=False),
        sig(f"decimal{more} -> real", f"({form})::DOUBLE", total=False),
        sig(f"time{more} -> $0", form, total=False),
    )


def _family(name: str, doc: str, example: str, *signatures: Signature) -> Function:
    return aggregate(name, doc, *signatures, named="", example=f"T | summarize {name}({example})")


PERCENTILES: Final[tuple[Function, ...]] = (
    _family(
        "percentile",
        "The value that so many percent do not exceed: one of the values, exact.",
        "x, 50",
        *_kinds(form="quantile_disc({0}, {1})", more=", decimal!"),
    ),
    _family("percentiles", "Several percentiles, a column each.", "x, 50, 95"),
    _family("percentiles_array", "Several percentiles, as an array.", "x, 50, 95"),
    _family("percentilew", "The percentile of values that count as often as a weight says.", "x, 2, 50"),
    _family("percentilesw", "Several weighted percentiles, a column each.", "x, 2, 50, 95"),
    _family("percentilesw_array", "Several weighted percentiles, as an array.", "x, 2, 50, 95"),
    function(
        "$weighted",
        "Values in order with their weights.",
        sig("ordinal, integer -> weighted", WEIGHTED, total=False),
        kind="internal",
    ),
    function(
        "$weighted_percentile",
        "The value at a share of all weights.",
        sig("weighted, long, long -> long", f"({REACHED})::BIGINT", total=False),
        sig("weighted, long, long -> real", f"({REACHED})::DOUBLE", total=False),
        kind="internal",
    ),
)

# ---- tdigest: [[type], [values], [weights]]

_TYPES: Final = (types.INT, types.LONG, types.REAL, types.DECIMAL, types.DATETIME, types.TIMESPAN)
_STATE: Final = (
    "CASE WHEN count({0}) > 0 THEN [['@']::VARIANT, map_keys({h})::VARIANT, map_values({h})::VARIANT]::VARIANT END"
)
_BIG: Final = (
    f"CASE WHEN count(DISTINCT {{0}}) > {LIMIT} THEN error('more than {LIMIT} different values in a tdigest') "
    "ELSE @ END"
)
Digest = tuple[str, list[Any], list[int]]


def _digests() -> tuple[Signature, ...]:
    found = []
    for kind in _TYPES:
        value = "{0}::DOUBLE" if kind == types.DECIMAL else "{0}"
        shown = types.REAL if kind == types.DECIMAL else types.LONG if kind == types.INT else kind
        plain = _STATE.replace("{h}", f"histogram({value})").replace("@", shown)
        pairs = f"list({value}) FILTER (WHERE {{0}} IS NOT NULL AND {{1}} > 0)"
        weights = "list({1}) FILTER (WHERE {0} IS NOT NULL AND {1} > 0)"
        state = f"[['{shown}']::VARIANT, {pairs}::VARIANT, {weights}::VARIANT]::VARIANT"
        weighted = f"CASE WHEN {pairs} IS NOT NULL THEN {state} END"
        found.append(sig(f"{kind} -> dynamic", _BIG.replace("@", plain), total=False))
        found.append(sig(f"{kind}, integer -> dynamic", _BIG.replace("@", weighted), total=False))
    return tuple(found)


def _read(state: Json) -> Digest:
    match state:
        case [[str(kind)], list(values), list(weights)] if kind in _TYPES and len(values) == len(weights):
            return kind, values, weights
        case None:
            raise ValueError("no state")
    raise runtime("This is no state that tdigest() or tdigest_merge() made here")


def _merged(*states: Json) -> Json:
    """One state of several; of none null."""
    read = [_read(state) for state in states if state is not None]
    if not read:
        return None
    kinds = {kind for kind, _, _ in read}
    if len(kinds) > 1:
        raise runtime(f"tdigest states of different types ({', '.join(sorted(kinds))}) do not merge")
    total: dict[Any, int] = {}
    for _, values, weights in read:
        for value, weight in zip(values, weights, strict=True):
            total[value] = total.get(value, 0) + weight
    if len(total) > LIMIT:
        raise runtime(f"A tdigest state holds at most {LIMIT} different values")
    return [[read[0][0]], list(total), list(total.values())]


def _merged_list(states: Json) -> Json:
    return _merged(*(states or ()))


def _number(value: Any) -> float:
    return float(value) if isinstance(value, str) else value


def _at(state: Json, share: float) -> Json:
    """The value at a percentage, as a dynamic holds it."""
    kind, values, weights = _read(state)
    if not 0 <= share <= 100:
        raise ValueError(share)
    pairs = sorted((_number(value), weight) for value, weight in zip(values, weights, strict=True))
    total, seen = Decimal(repr(share)) * sum(weights), 0
    for value, weight in pairs:
        seen += weight
        if seen * 100 >= total:
            return _shown(kind, value)
    return None


def _shown(kind: str, value: Any) -> Json:
    if kind == types.DATETIME:
        return ticks.format_datetime(value)
    return ticks.format_timespan(value) if kind == types.TIMESPAN else value


def _several(state: Json, *shares: Any) -> list[Json]:
    given = shares[0] if len(shares) == 1 and isinstance(shares[0], list) else shares
    return [_at(state, share) for share in given]


def _rank(state: Json, value: Any) -> float:
    """How many values are not greater."""
    _, values, weights = _read(state)
    return float(sum(weight for one, weight in zip(values, weights, strict=True) if _number(one) <= value))


def _percent_rank(state: Json, value: Any) -> float:
    return _rank(state, value) * 100 / sum(_read(state)[2])


def _ranked(name: str, doc: str, form: Any, example: str) -> Function:
    kinds = (types.LONG, types.REAL, types.DATETIME, types.TIMESPAN)
    return function(
        name,
        doc,
        *(local(f"dynamic, {kind} -> real", form) for kind in kinds),
        example=f"T | summarize t = tdigest(x) | project {name}({example})",
    )


_STATES: Final = sig("dynamic -> dynamic", "(list({0}) FILTER (WHERE {0} IS NOT NULL))::VARIANT", total=False)
DIGESTS: Final[tuple[Function, ...]] = (
    aggregate("tdigest", "Every different value with its weight, for percentile_tdigest() and others.", *_digests()),
    *(
        aggregate(
            name,
            "One tdigest state of many; a function of a row with two or more arguments.",
            _STATES,
            named="merged",
            prefix="merge_tdigests",
            finish="$merged_tdigests",
            example=f"T | summarize t = tdigest(x) by Key | summarize {name}(t)",
        )
        for name in ("tdigest_merge", "merge_tdigest")
    ),
    function(
        "$merged_tdigests", "The states of an array as one.", local("dynamic -> dynamic", _merged_list), kind="internal"
    ),
    function(
        "$merged_tdigest", "Several states as one.", local("dynamic, dynamic+ -> dynamic", _merged), kind="internal"
    ),
    function(
        "percentile_tdigest",
        "The value that so many percent do not exceed, of a tdigest state.",
        local("dynamic, real -> dynamic", _at),
        named="name_first",
        example="T | summarize t = tdigest(x) | project percentile_tdigest(t, 50)",
    ),
    function(
        "percentiles_array_tdigest",
        "Several percentiles of a tdigest state, as an array.",
        local("dynamic, dynamic+ -> dynamic", _several),
        named="prefix",
        prefix="percentile_tdigest",
        example="T | summarize t = tdigest(x) | project percentiles_array_tdigest(t, 50, 95)",
    ),
    _ranked("rank_tdigest", "How many values of a tdigest state are not greater.", _rank, "t, 1"),
    _ranked(
        "percentrank_tdigest", "How many percent of a tdigest state's values are not greater.", _percent_rank, "t, 1"
    ),
)
FUNCTIONS: Final[tuple[Function, ...]] = (*PERCENTILES, *DIGESTS)
