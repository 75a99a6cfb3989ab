"""Microsoft.AlertsManagement/alerts and the status of metric alert rules over HTTP."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol
from urllib.parse import urlencode

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from lazulite.alerts.instance import alert_body, history_body
from lazulite.alerts.query import AlertQueries, Group
from lazulite.alerts.rule import read_rule
from lazulite.alerts.status import rule_status
from lazulite.alerts.store import AlertStore
from lazulite.core.clock import Clock
from lazulite.core.errors import BadRequest
from lazulite.core.resource_id import ResourceId, parse
from lazulite.identity.access import Access
from lazulite.resources.kind import Resource
from lazulite.wire.alert_requests import choice, flag, page_token, read_filter, read_groups, read_page
from lazulite.wire.errors import json_answer
from lazulite.wire.request import ArmRequest, Handler, Operation

ALERTS = "microsoft.alertsmanagement/alerts"
SUMMARY = "microsoft.alertsmanagement/alertssummary"
METADATA = "microsoft.alertsmanagement/alertsmetadata"
STATUS = "microsoft.insights/metricalerts/status"
METADATA_LISTS = {"MonitorServiceList": ({"name": "Platform", "displayName": "Platform"},)}
MAX_COMMENT_BODY = 16 * 1024


class Resources(Protocol):
    """What of the resource store is read here."""

    def require(self, resource_id: ResourceId, /) -> Resource: ...


class AlertsPlane:
    """The handlers. Each checks the caller's access, then reads or writes in a thread."""

    def __init__(
        self, store: AlertStore, queries: AlertQueries, resources: Resources, access: Access, clock: Clock
    ) -> None:
        self._store = store
        self._queries = queries
        self._resources = resources
        self._access = access
        self._clock = clock

    def alerts(self, request: ArmRequest) -> Response:
        """GET of the collection at any scope, or of one alert."""
        self._require(request, "Microsoft.AlertsManagement/alerts/read")
        if not request.id.is_collection:
            return json_answer(alert_body(self._store.require(request.id.name)))
        params = request.params
        found = self._queries.list(read_filter(params, request.scope, self._clock.now()), read_page(params))
        context = flag("includeContext", params)
        answer: dict[str, Any] = {"value": [alert_body(alert, include_context=context) for alert in found.alerts]}
        if found.next is not None:
            answer["nextLink"] = _next_link(request, page_token(found.next))
        return json_answer(answer)

    def change_state(self, request: ArmRequest) -> Response:
        self._require(request, "Microsoft.AlertsManagement/alerts/changestate/action")
        state = request.params.get("newstate", "")
        alert = self._store.change_state(request.id.name, state, request.caller, _comments(request.body))
        return json_answer(alert_body(alert))

    def history(self, request: ArmRequest) -> Response:
        self._require(request, "Microsoft.AlertsManagement/alerts/history/read")
        alert = self._store.require(request.id.segments[-1].names[0])
        return json_answer(history_body(alert, self._store.history(alert.id)))

    def summary(self, request: ArmRequest) -> Response:
        self._require(request, "Microsoft.AlertsManagement/alertsSummary/read")
        params = request.params
        by = read_groups(params)
        total, groups = self._queries.summary(read_filter(params, request.scope, self._clock.now()), by)
        properties = {"groupedby": by[0], "total": total, "values": [_group_body(group) for group in groups]}
        if flag("includeSmartGroupsCount", params):
            properties["smartGroupsCount"] = 0
        return json_answer(
            {
                "id": f"{request.scope or ''}/providers/Microsoft.AlertsManagement/alertsSummary/current",
                "type": "Microsoft.AlertsManagement/alertsSummary",
                "name": "current",
                "properties": properties,
            }
        )

    def metadata(self, request: ArmRequest) -> Response:
        self._require(request, "Microsoft.AlertsManagement/alertsMetaData/read")
        name = choice("identifier", request.params.get("identifier", ""), METADATA_LISTS)
        return json_answer({"properties": {"metadataIdentifier": name, "data": METADATA_LISTS[name]}})

    def status(self, request: ArmRequest) -> Response:
        """Of one rule: the same list with and without a status name, as the service gives it."""
        self._require(request, "Microsoft.Insights/metricAlerts/status/read")
        rule = parse(request.id.text.rsplit("/", 1 if request.id.is_collection else 2)[0])
        return json_answer({"value": rule_status(read_rule(self._resources.require(rule)), self._store)})

    def _require(self, request: ArmRequest, action: str) -> None:
        self._access.require(request.caller, action, str(request.scope or "/"))


def operations(plane: AlertsPlane) -> list[Operation]:
    """For the ARM router."""
    return [
        Operation("GET", ALERTS, _in_thread(plane.alerts)),
        Operation("POST", ALERTS, _in_thread(plane.change_state), action="changestate", max_body=MAX_COMMENT_BODY),
        Operation("GET", f"{ALERTS}/history", _in_thread(plane.history)),
        Operation("GET", SUMMARY, _in_thread(plane.summary)),
        Operation("GET", METADATA, _in_thread(plane.metadata)),
        Operation("GET", STATUS, _in_thread(plane.status)),
    ]


def _in_thread(handle: Callable[[ArmRequest], Response]) -> Handler:
    async def handler(request: ArmRequest) -> Response:
        return await run_in_threadpool(handle, request)

    return handler


def _comments(body: bytes) -> str:
    """The body is absent, a JSON string, or {"comments": text}."""
    if not body.strip():
        return ""
    try:
        found = msgspec.json.decode(body, type=str | dict[str, Any] | None)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadRequest("InvalidRequestContent", f"The body must be a comment as JSON: {error}.") from None
    comments = found.get("comments") if isinstance(found, dict) else found
    if comments is not None and not isinstance(comments, str):
        raise BadRequest("InvalidRequestContent", "comments must be text.", target="comments")
    return comments or ""


def _next_link(request: ArmRequest, token: str) -> str:
    params = {name: value for name, value in request.params.items() if name != "$skiptoken"}
    query = urlencode({**params, "api-version": request.api_version, "$skipToken": token})
    return f"{request.base_url.rstrip('/')}{request.id.text}?{query}"


def _group_body(group: Group) -> Mapping[str, Any]:
    body: dict[str, Any] = {"name": group.name, "count": group.count}
    if group.groups:
        body |= {"groupedby": group.by, "values": [_group_body(each) for each in group.groups]}
    return body
