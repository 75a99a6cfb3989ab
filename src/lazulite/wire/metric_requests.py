"""Parameters of the metrics calls -> MetricQuery: names of any case, az's doubled percent-encoding, ISO durations.

Everything is bounded and checked here or in the metrics room; what is wrong is BadRequest with the parameter as target.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, TypeVar
from urllib.parse import unquote

import msgspec

from lazulite.core import durations
from lazulite.core.errors import BadRequest
from lazulite.core.resource_id import ResourceId, parse
from lazulite.kql import ticks
from lazulite.metrics.grains import FULL
from lazulite.metrics.request import MetricQuery
from lazulite.wire.bodies import json_body

MAX_NAMES = 100
_MAX_TIME_TEXT = 200
_LOST_PLUS = re.compile(r" (?=\d{2}:?\d{2}$)")
_ENCODED_COMMA = re.compile(r"%2[cC]|%2(?![0-9A-Fa-f])")
_TRUTHS = {"true": True, "false": False}

Parameters = Mapping[str, str]
Shape = TypeVar("Shape")


class BatchBody(msgspec.Struct, frozen=True):
    """The body of metrics:getBatch."""

    resourceids: list[str]


def with_body(parameters: Parameters, body: bytes) -> dict[str, str]:
    """Parameters of a POST list: those of its JSON body over those of its URL, as text under lower-case names."""
    sent = _shaped(
        json_body(body) if body.strip() else {}, dict[str, str | int | bool | None], "an object of parameters"
    )
    texts = {name.lower(): str(value) for name, value in sent.items() if value is not None}
    if "filter" in texts:
        texts["$filter"] = texts.pop("filter")
    return {**parameters, **texts}


def batch_resources(body: bytes) -> tuple[ResourceId, ...]:
    """The resource ids of a batch call's body, in its order."""
    sent = _shaped(json_body(body), BatchBody, '{"resourceids": [...]}')
    return tuple(parse(text) for text in sent.resourceids)


def list_query(parameters: Parameters, resources: tuple[ResourceId, ...], now: int, **more: Any) -> MetricQuery:
    """A metrics list call; `more` are fields of MetricQuery that no parameter gives."""
    start, end = _timespan(parameters.get("timespan"), now)
    return _query(parameters, resources, start, end, parameters.get("$filter"), **more)


def batch_query(parameters: Parameters, resources: tuple[ResourceId, ...], now: int) -> MetricQuery:
    """A metrics:getBatch call, which has starttime and endtime, and a filter without the $."""
    end = _instant(parameters["endtime"], "endtime") if parameters.get("endtime") else now
    start = _instant(parameters["starttime"], "starttime") if parameters.get("starttime") else None
    return _query(parameters, resources, start, end, parameters.get("filter"))


def is_true(parameters: Parameters, name: str, default: bool) -> bool:
    text = parameters.get(name.lower(), "").lower()
    if text and text not in _TRUTHS:
        raise BadRequest("BadRequest", f"{name} is '{text[:50]}': it is true or false.", target=name)
    return _TRUTHS.get(text, default)


def _shaped(value: object, shape: type[Shape], words: str) -> Shape:
    try:
        return msgspec.convert(value, shape)
    except msgspec.ValidationError as error:
        raise BadRequest("BadRequest", f"The body must be {words}: {error}.") from None


def _query(
    parameters: Parameters,
    resources: tuple[ResourceId, ...],
    start: int | None,
    end: int,
    filter_text: str | None,
    **more: Any,
) -> MetricQuery:
    return MetricQuery(
        resources,
        metrics=tuple(_ENCODED_COMMA.sub(",", name) for name in _names(parameters, "metricnames")),
        start=start,
        end=end,
        interval=_interval(parameters.get("interval") or "PT1M"),
        aggregations=_names(parameters, "aggregation"),
        namespace=parameters.get("metricnamespace") or None,
        filter=(filter_text or "").strip() or None,
        top=_top(parameters.get("top")),
        orderby=parameters.get("orderby") or None,
        rollup=_names(parameters, "rollupby"),
        metadata_only=_is_metadata(parameters.get("resulttype") or "Data"),
        validate_dimensions=is_true(parameters, "ValidateDimensions", True),
        auto_adjust=is_true(parameters, "AutoAdjustTimegrain", False),
        **more,
    )


def _names(parameters: Parameters, name: str) -> tuple[str, ...]:
    names = [part.strip() for part in parameters.get(name, "").split(",", MAX_NAMES + 1)]
    if len(names) > MAX_NAMES:
        raise BadRequest("BadRequest", f"{name} has more than {MAX_NAMES} names.", target=name)
    return tuple(part for part in names if part)


def _interval(text: str) -> int:
    if text.upper() == "FULL":
        return FULL
    found = durations.parse(text)
    if not found:
        raise BadRequest(
            "BadRequest", f"The interval '{text[:50]}' is not a duration such as PT5M, nor FULL.", target="interval"
        )
    return found


def _top(text: str | None) -> int | None:
    if not text:
        return None
    if not re.fullmatch(r"[0-9]{1,9}", text):
        raise BadRequest("BadRequest", f"top is '{text[:50]}': it must be a whole number.", target="top")
    return int(text)


def _is_metadata(text: str) -> bool:
    if text.lower() not in ("data", "metadata"):
        raise BadRequest("BadRequest", f"resultType is '{text[:50]}': it is Data or Metadata.", target="resultType")
    return text.lower() == "metadata"


def _timespan(text: str | None, now: int) -> tuple[int | None, int]:
    """[start, end) of `start/end`, or of a bare duration up to now; None as start is the default range."""
    if not text:
        return None, now
    # az encodes this parameter twice, so one layer is still on it.
    whole = unquote(text[:_MAX_TIME_TEXT]) if "%" in text else text[:_MAX_TIME_TEXT]
    first, slash, second = whole.partition("/")
    if not slash:
        length = durations.parse(first)
        if not length or length > now:
            raise _bad_timespan(whole)
        return now - length, now
    return _instant(first, "timespan"), _instant(second, "timespan")


def _instant(text: str, name: str) -> int:
    # A `+` that was not encoded arrives as a space.
    plus = _LOST_PLUS.sub("+", text[:_MAX_TIME_TEXT].strip())
    found = ticks.parse_datetime(plus)
    if found is None:
        raise (
            _bad_timespan(text)
            if name == "timespan"
            else BadRequest(
                "BadRequest", f"{name} '{text[:50]}' is not a datetime such as 2024-05-01T00:00:00Z.", target=name
            )
        )
    return found


def _bad_timespan(text: str) -> BadRequest:
    return BadRequest(
        "BadRequest",
        f"The timespan '{text[:100]}' is not START/END (ISO 8601, such as 2024-05-01T00:00:00Z/2024-05-02T00:00:00Z)"
        " nor a duration such as PT1H.",
        target="timespan",
    )
