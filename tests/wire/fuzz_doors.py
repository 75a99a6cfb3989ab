"""Every door of a server as a well-formed request, and the ways in which a request is spoilt."""

from __future__ import annotations

import copy
import gzip
import json
import random
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import quote

import zstandard

ML = "providers/Microsoft.MachineLearningServices/workspaces/box"
METRICS = "Microsoft.MachineLearningServices/workspaces"
# The digits are more than the 4,300 that Python reads as a number.
HOSTILE: tuple[Any, ...] = (
    None, True, 0, -1, 1.5, 1e308, 2**31, 2**63, 10**40, "", " ", "x", "\0", "\n", "..", "../../x", "%2F", "%", "'",
    '"', "' or 1=1 --", "\\", "\u202e", "\ufffd", "\U0001f600", "İ", "٣", "NaN", "-Infinity", "1e999", "9" * 5_000,
    "x" * 3_000, "0001-01-01T00:00:00Z", "9999-12-31T23:59:59.9999999Z", "P1D", "P99999999D", "PT0S", "/subscriptions",
    "https://xn--/", "http://169.254.169.254/", [], [[]], [None], ["x", 5], {}, {"": None}, {"a": {"b": []}},
    {"odata.type": 5},
)  # fmt: skip
RAW = (b"\0", b"\xff\xfe", b"\\ud800", b"[" * 3_000, b"{", b"}", b'"', b",", b"NaN", b"1e999", b"\xef\xbb\xbf", b"\r\n")
HEADERS = (
    "prefer", "if-match", "if-none-match", "authorization", "host", "accept-encoding", "content-encoding", "origin",
    "x-lazulite-batch", "x-ms-client-request-id", "x-ms-correlation-request-id", "x-forwarded-proto",
)  # fmt: skip
ENCODINGS: Mapping[str, Callable[[bytes], bytes]] = {
    "": bytes,
    "gzip": gzip.compress,
    "deflate": zlib.compress,
    "zstd": zstandard.compress,
}


@dataclass(frozen=True)
class Door:
    """A request: `path` is decoded, `body` any JSON or bytes that are sent as they are."""

    method: str
    path: str
    parameters: Mapping[str, str] = field(default_factory=dict)
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    target: bytes = b""
    encoding: str = ""


def doors(subscription: str, tenant: str) -> tuple[Door, ...]:
    """All of them. What they write is in the resource group `fuzz`, and nothing else may change."""
    group = f"{subscription}/resourceGroups/fuzz"
    box, insights = f"{group}/{ML}", "providers/Microsoft.Insights"
    spare = f"{group}/providers/Microsoft.OperationalInsights/workspaces/spare"
    alerts = f"{subscription}/providers/Microsoft.AlertsManagement"
    version = {"api-version": "2024-02-01"}
    named = {**version, "metricnamespace": METRICS, "metricnames": "Failed Runs"}
    asked = {**named, "timespan": "PT1H", "interval": "PT5M", "aggregation": "Total", "$filter": "RunType eq '*'"}
    asked |= {"top": "3", "orderby": "total desc", "rollupby": "", "resultType": "Data"}
    listed = {
        **version,
        "timeRange": "1d",
        "pageCount": "5",
        "sortBy": "severity",
        "$skipToken": "",
        "severity": "Sev1",
    }
    job = {"JobId": "j", "TimeGenerated": "2026-01-01T00:00:00Z", "properties": {"EventType": "JobFailed"}}
    point = {"metricName": "Failed Runs", "time": "2026-01-01T00:00:00Z", "value": 1, "dimensions": {"RunType": "a"}}
    query = {"query": "print x = 1", "timespan": "P1D", "workspaces": ["logs"]}
    setting = {"workspaceId": spare, "logs": [{"category": "RunEvent", "enabled": True}], "metrics": []}
    form = b"grant_type=client_credentials&client_id=x&client_secret=y&scope=z/.default"
    return (
        Door("GET", "/healthz", {"sequence": "1"}),
        Door("GET", "/metrics"),
        Door("GET", "/metadata/endpoints", version),
        Door("GET", f"/{tenant}/v2.0/.well-known/openid-configuration"),
        Door("POST", f"/{tenant}/oauth2/v2.0/token", body=form),
        Door("GET", "/subscriptions", version),
        Door("GET", f"{subscription}/providers", version),
        Door("GET", f"{subscription}/resources", {**version, "$top": "3", "$filter": "name eq 'x'", "$skipToken": ""}),
        Door("PUT", group, version, {"location": "westeurope", "tags": {"a": "b"}}),
        Door("GET", f"{group}/resources", {**version, "$expand": "createdTime"}),
        Door("PUT", box, version, {"location": "westeurope", "properties": {"friendlyName": "x"}}),
        Door("PATCH", box, version, {"tags": {"a": None}}, {"if-match": "*"}),
        Door("PUT", f"{box}/computes/cpu", version, {"properties": {}}, {"if-none-match": "*"}),
        Door("DELETE", f"{box}/computes/cpu", version),
        Door("PUT", spare, version, {"location": "westeurope", "properties": {"sku": {"name": "PerGB2018"}}}),
        Door("PUT", f"{box}/{insights}/diagnosticSettings/s", version, {"properties": setting}),
        Door("GET", f"{box}/{insights}/diagnosticSettingsCategories", version),
        Door("PUT", f"{group}/{insights}/metricAlerts/rule", version, _rule(box)),
        Door("GET", f"{group}/{insights}/metricAlerts/rule/status", version),
        Door("PUT", f"{group}/{insights}/actionGroups/night", version, _action_group()),
        Door("PATCH", f"{group}/{insights}/actionGroups/night", version, {"properties": {"enabled": False}}),
        Door("PUT", f"{group}/providers/Contoso.Any/things/one", version, {"properties": {"a": [1, {"b": "c"}]}}),
        Door("HEAD", f"{group}/providers/Contoso.Any/things/one", version),
        Door("GET", f"{box}/{insights}/metrics", asked),
        Door("GET", f"{subscription}/{insights}/metrics", {**named, "region": "westeurope"}),
        Door("POST", f"{subscription}/{insights}/metrics", named, {"filter": "Microsoft.ResourceId eq '*'", "top": 5}),
        Door("GET", f"{box}/{insights}/metricDefinitions", {**version, "metricnamespace": METRICS}),
        Door("GET", f"{box}/{insights}/metricNamespaces", version),
        Door("POST", f"{subscription}/metrics:getBatch", {**named, "starttime": "2026-01-01"}, {"resourceids": [box]}),
        Door("GET", f"{alerts}/alerts", listed),
        Door("GET", f"{alerts}/alertsSummary", {**version, "groupby": "severity,alertState"}),
        Door("POST", f"{alerts}/alerts/none/changestate", {**version, "newState": "Closed"}, {"comments": "x"}),
        Door("POST", f"{box}/providers/lazulite/records", {"category": "AmlComputeJobEvent"}, [job, job]),
        Door("POST", f"{box}/providers/lazulite/records", {"category": "AllMetrics"}, [point, point]),
        Door("POST", f"{box}/providers/lazulite/records", {}, {"records": [job | {"category": "RunEvent"}]}),
        Door("POST", "/v1/workspaces/logs/query", {}, query, {"prefer": "wait=5, include-statistics=true"}),
        Door("GET", "/v1/workspaces/logs/query", {"query": "print 1", "timespan": "P1D"}),
        Door("POST", f"/v1{box}/query", {}, query),
        Door("GET", "/v1/workspaces/logs/metadata"),
        Door("POST", "/v1/$batch", {}, {"requests": [{"id": "1", "workspace": "logs", "body": query, "headers": {}}]}),
    )


def _rule(scope: str) -> dict[str, Any]:
    dimension = {"name": "RunType", "operator": "Include", "values": ["*"]}
    condition = {"name": "c", "metricName": "Failed Runs", "timeAggregation": "Total", "operator": "GreaterThan"}
    condition |= {"threshold": 1, "dimensions": [dimension]}
    criteria = {"odata.type": "Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria", "allOf": [condition]}
    schedule = {"evaluationFrequency": "PT1M", "windowSize": "PT5M", "severity": 3, "enabled": True, "actions": []}
    return {"location": "global", "properties": {**schedule, "scopes": [scope], "criteria": criteria}}


def _action_group() -> dict[str, Any]:
    hook = {"name": "w", "serviceUri": "http://127.0.0.1:9/", "useCommonAlertSchema": True}
    return {"location": "global", "properties": {"groupShortName": "night", "webhookReceivers": [hook]}}


def spoilt(door: Door, dice: random.Random) -> Door:
    """The request with one to three things wrong with it, and its `target` and bytes of body as they are sent."""
    for _ in range(dice.choice((1, 1, 1, 2, 2, 3))):
        door = dice.choice(_SPOILERS)(door, dice)
    return _written(door, dice)


def _other_path(door: Door, dice: random.Random) -> Door:
    parts = door.path.split("/")[1:] or ["x"]
    at = dice.randrange(len(parts))
    text = dice.choice([str(each) for each in HOSTILE])
    change = dice.randrange(5)
    if change == 0:
        parts[at] = text
    elif change == 1:
        parts.insert(at, dice.choice([text, "providers", ""]))
    elif change == 2:
        parts[at] = parts[at].swapcase()
    elif change == 3:
        parts[at] += text[:40]
    else:
        del parts[at]
    return replace(door, path="/" + "/".join(parts))


def _other_parameters(door: Door, dice: random.Random) -> Door:
    names = [*door.parameters, "x", "api-version"]
    name = dice.choice(names)
    kept = dict(door.parameters)
    change = dice.randrange(3)
    if change == 0:
        kept.pop(name, None)
    elif change == 1:
        kept[name.swapcase()] = kept.pop(name, "")
    else:
        kept[name] = str(dice.choice(HOSTILE))
    return replace(door, parameters=kept)


def _other_json(door: Door, dice: random.Random) -> Door:
    """One place of the body, however deep, holds something else."""
    if not isinstance(door.body, dict | list) or not door.body:
        return replace(door, body=dice.choice(HOSTILE))
    body = copy.deepcopy(door.body)
    place: Any = body
    while True:
        key = dice.choice(list(place) if isinstance(place, dict) else range(len(place)))
        if isinstance(place[key], dict | list) and place[key] and dice.random() < 0.7:
            place = place[key]
            continue
        place[key] = dice.choice(HOSTILE)
        return replace(door, body=body)


def _other_bytes(door: Door, dice: random.Random) -> Door:
    data = _bytes(door.body)
    at = dice.randrange(len(data) + 1)
    parts = (data[:at], data[at:], data[:at] + dice.choice(RAW) + data[at:], data * 3, dice.randbytes(50))
    return replace(door, body=dice.choice(parts))


def _other_method(door: Door, dice: random.Random) -> Door:
    return replace(door, method=dice.choice(("GET", "HEAD", "PUT", "PATCH", "POST", "DELETE", "OPTIONS", "TRACE", "X")))


def _other_headers(door: Door, dice: random.Random) -> Door:
    name = dice.choice(HEADERS)
    value = quote(str(dice.choice(HOSTILE)), safe=" ='\"*,;/:")[: dice.choice((20, 200, 8_000))].strip()
    return replace(door, headers={**door.headers, name: value})


def _other_encoding(door: Door, dice: random.Random) -> Door:
    return replace(door, encoding=dice.choice(list(ENCODINGS)))


_SPOILERS = (
    _other_path, _other_parameters, _other_json, _other_json, _other_bytes, _other_method, _other_headers,
    _other_encoding,
)  # fmt: skip


def _bytes(body: Any) -> bytes:
    if isinstance(body, bytes):
        return body
    return b"" if body is None else json.dumps(body).encode("utf-8", "surrogatepass")


def _written(door: Door, dice: random.Random) -> Door:
    """Percent-encoding as some clients have it: everything, or only what must be, or bytes that are no UTF-8."""
    safe = dice.choice(("/", "/:$", "/:$'()!,"))
    path = quote(door.path[:6_000], safe=safe)
    if dice.random() < 0.05:
        path += dice.choice(("/", "%FF", "%00", "%2F", "%0a"))
    pairs = (f"{quote(name, safe=dice.choice(('-$', '')))}={quote(value)}" for name, value in door.parameters.items())
    target = f"{path}?{'&'.join(pairs)}"
    body, headers = _bytes(door.body), dict(door.headers)
    if door.encoding:
        body = ENCODINGS[door.encoding](body)[: dice.choice((None, None, 9, -3))]
        headers["content-encoding"] = door.encoding
    return replace(door, target=target.encode("ascii"), body=body, headers=headers)
