"""Query parameters of the alerts plane, parsed: filters, paging and time ranges."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from typing import Annotated

import msgspec

from lazulite.alerts.query import FILTERS, GROUPS, MAX_PAGE, PAGE, SORTS, AlertFilter, AlertPage
from lazulite.core.clock import TICKS_PER_DAY
from lazulite.core.errors import BadRequest
from lazulite.core.resource_id import ResourceId, parse
from lazulite.kql import ticks

TIME_RANGES = {"1h": TICKS_PER_DAY // 24, "1d": TICKS_PER_DAY, "7d": 7 * TICKS_PER_DAY, "30d": 30 * TICKS_PER_DAY}
DEFAULT_TIME_RANGE = "1d"
ORDERS = {"asc": False, "desc": True}
NOT_SUPPORTED = ("smartgroupid", "select")
_WHOLE = re.compile(r"[0-9]{1,9}")
# SQLite's integers are 64 bits wide: a larger one in a forged token would fail the statement.
_Sorted = Annotated[int, msgspec.Meta(ge=-(2**62), le=2**62)] | str
_FLAGS = {"true": True, "1": True, "false": False, "0": False, "": False}


def wrong(name: str, value: str, expected: str) -> BadRequest:
    return BadRequest("BadRequest", f"{name} is '{value[:200]}'; it must be {expected}.", target=name)


def choice(name: str, value: str, allowed: Mapping[str, object]) -> str:
    """The spelling in `allowed` of a value that compares without case."""
    found = next((each for each in allowed if each.lower() == value.lower()), None)
    if found is None:
        raise wrong(name, value, f"one of {', '.join(allowed)}")
    return found


def flag(name: str, params: Mapping[str, str]) -> bool:
    value = params.get(name.lower(), "")
    return _FLAGS[choice(name, value, _FLAGS)] if value else False


def read_filter(params: Mapping[str, str], scope: ResourceId | None, now: int) -> AlertFilter:
    """Which alerts; without a time range those of the last day, as the service's default is."""
    for name in NOT_SUPPORTED:
        if params.get(name):
            raise BadRequest("NotSupported", f"The parameter '{name}' is not supported by this server.", target=name)
    equal = [(name, params[name.lower()]) for name in FILTERS if params.get(name.lower())]
    since, until = _time_range(params, now)
    target = params.get("targetresource", "")
    return AlertFilter(
        scope=scope,
        target=parse(target) if target else None,
        equal=tuple(equal),
        since=since,
        until=until,
    )


def _time_range(params: Mapping[str, str], now: int) -> tuple[int, int | None]:
    custom = params.get("customtimerange", "")
    if not custom:
        name = choice("timeRange", params.get("timerange", "") or DEFAULT_TIME_RANGE, TIME_RANGES)
        return now - TIME_RANGES[name], None
    since, until = (ticks.parse_datetime(part) for part in (*custom.split("/", 1), "")[:2])
    if since is None or until is None or since > until:
        raise wrong("customTimeRange", custom, "START/END in ISO 8601, START not after END")
    return since, until


def read_page(params: Mapping[str, str]) -> AlertPage:
    sort = choice("sortBy", params.get("sortby", "") or AlertPage.sort, SORTS)
    order = choice("sortOrder", params.get("sortorder", "") or "desc", ORDERS)
    count = params.get("pagecount", "") or str(PAGE)
    if not (_WHOLE.fullmatch(count) and 1 <= int(count) <= MAX_PAGE):
        raise wrong("pageCount", count, f"1 to {MAX_PAGE}")
    return AlertPage(sort, ORDERS[order], int(count), _read_token(params.get("$skiptoken", ""), sort))


def read_groups(params: Mapping[str, str]) -> list[str]:
    text = params.get("groupby", "")
    if not text:
        raise wrong("groupby", "", f"a comma list of {', '.join(GROUPS)}")
    names = [choice("groupby", name.strip(), GROUPS) for name in text.split(",")]
    if len(set(names)) < len(names):
        raise wrong("groupby", text, "a list without repeats")
    return names


def page_token(after: tuple[object, str]) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode(after)).decode()


def _read_token(token: str, sort: str) -> tuple[str | int, str] | None:
    if not token:
        return None
    try:
        value, alert_id = msgspec.json.decode(base64.urlsafe_b64decode(token), type=tuple[_Sorted, str])
    except (binascii.Error, ValueError, RecursionError, msgspec.DecodeError):
        raise wrong("$skipToken", token, "one that this server gave in nextLink") from None
    if isinstance(value, int) is not sort.endswith("DateTime"):
        raise wrong("$skipToken", token, f"one of a list that is sorted by {sort}")
    return value, alert_id
