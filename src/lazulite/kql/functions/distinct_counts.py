"""hll(): the different values of a group as a state that can be kept, merged and counted, exactly.

A state is [["hll", type], [texts]]; a text beyond 32 characters stands there by its MD5.
"""

from __future__ import annotations

from typing import Final

from lazulite.kql import types
from lazulite.kql.errors import runtime
from lazulite.kql.functions.aggregates import aggregate
from lazulite.kql.functions.json_values import LIMIT, Json
from lazulite.kql.functions.record import Function, Signature, function, local, sig

_LONG: Final = 32
_SHORT: Final = f"CASE WHEN strlen(@) > {_LONG} THEN md5(@) ELSE @ END"
# A dynamic counts by its text, whose keys are in order.
_TEXTS: Final = {
    **dict.fromkeys((types.INT, types.LONG, types.DECIMAL, types.DATETIME, types.TIMESPAN), "{0}::VARCHAR"),
    types.STRING: _SHORT.replace("@", "{0}"),
    types.GUID: "{0}",
    types.DYNAMIC: _SHORT.replace("@", "{0}::JSON::VARCHAR"),
}
_STATE: Final = (
    f"CASE WHEN count(DISTINCT #) > {LIMIT} THEN error('more than {LIMIT} different values in an hll') "
    "WHEN count({0}){f} > 0 THEN [['hll', '@']::VARIANT, (list(DISTINCT # ORDER BY #) "
    "FILTER (WHERE {0} IS NOT NULL{a}))::VARIANT]::VARIANT END"
)


def _states(condition: str) -> tuple[Signature, ...]:
    found = []
    for kind, text in _TEXTS.items():
        shown = types.LONG if kind == types.INT else kind
        where = " FILTER (WHERE {1})" if condition else ""
        form = _STATE.replace("{f}", where).replace("{a}", " AND {1}" if condition else "")
        form = form.replace("#", text).replace("@", shown)
        found += [sig(f"{kind}{condition}{accuracy} -> dynamic", form, total=False) for accuracy in ("", ", long!")]
    return tuple(found)


def _read(state: Json) -> tuple[str, list[str]]:
    match state:
        case [["hll", str(kind)], list(texts)]:
            return kind, texts
        case None:
            raise ValueError("no state")
    raise runtime("This is no state that hll() or hll_merge() made here")


def _merged(*states: Json) -> Json:
    """One state of several; of none null."""
    read = [_read(state) for state in states if state is not None]
    if not read:
        return None
    kinds = {kind for kind, _ in read}
    if len(kinds) > 1:
        raise runtime(f"hll states of different types ({', '.join(sorted(kinds))}) do not merge")
    texts = set[str]().union(*(texts for _, texts in read))
    if len(texts) > LIMIT:
        raise runtime(f"An hll state holds at most {LIMIT} different values")
    return [["hll", read[0][0]], sorted(texts)]


def _merged_list(states: Json) -> Json:
    return _merged(*(states or ()))


def _count(state: Json) -> int:
    return len(_read(state)[1])


_DOC: Final = "The different values, as a state for hll_merge() and dcount_hll(); exact whatever the accuracy."
FUNCTIONS: Final[tuple[Function, ...]] = (
    aggregate("hll", _DOC, *_states("")),
    aggregate(
        "hll_if",
        f"{_DOC} Of rows for which the second argument is true.",
        *_states(", bool"),
        example="T | summarize hll_if(x, x > 1)",
    ),
    aggregate(
        "hll_merge",
        "One hll state of many; a function of a row with two or more arguments.",
        sig("dynamic -> dynamic", "(list({0}) FILTER (WHERE {0} IS NOT NULL))::VARIANT", total=False),
        named="merged",
        finish="$merged_hlls",
        example="T | summarize h = hll(x) by Key | summarize hll_merge(h)",
    ),
    function(
        "$merged_hlls", "The states of an array as one.", local("dynamic -> dynamic", _merged_list), kind="internal"
    ),
    function("$merged_hll", "Several states as one.", local("dynamic, dynamic+ -> dynamic", _merged), kind="internal"),
    function(
        "dcount_hll",
        "How many different values an hll state holds, exactly.",
        local("dynamic -> long", _count),
        named="name_first",
        example="T | summarize h = hll(x) | project dcount_hll(h)",
    ),
)
