"""Activity events: who did what to which resource, as a row of Azure's AzureActivity table.

An event is written to the outbox in the transaction of the change that it tells of.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import msgspec

from lazulite.core.caller import Caller
from lazulite.core.ids import Ids
from lazulite.core.resource_id import ResourceId
from lazulite.resources.kind import Change, Resource
from lazulite.state.outbox import OutboxEntry

# Where the log's operations are spelled otherwise than the type.
_OPERATIONS_OF = {"Microsoft.Resources/resourceGroups": "Microsoft.Resources/subscriptions/resourceGroups"}


@dataclass(frozen=True)
class ActivityEvent:
    """One event. `id` is its own for ever, and the key under which it enters the intake.

    `operation` is Azure's form, Microsoft.Insights/metricAlerts/write; `status` is Success; `time` is in ticks.
    `record` has the columns of AzureActivity and TimeGenerated: datetimes in ticks, dynamic columns as JSON values.
    """

    id: str
    resource_id: str
    operation: str
    status: str
    caller: str
    time: int
    record: Mapping[str, Any]

    def to_entry(self) -> OutboxEntry:
        return OutboxEntry(self.id, asdict(self))


def from_entry(entry: OutboxEntry) -> ActivityEvent:
    return ActivityEvent(**entry.payload)


def event_of(change: Change, caller: Caller, method: str, time: int, ids: Ids) -> ActivityEvent:
    """The event of one write or deletion; `method` is that of the request, PUT, PATCH or DELETE."""
    resource = change.resource
    spelled = _OPERATIONS_OF.get(resource.type, resource.type)
    operation = f"{spelled}/{'write' if change.after else 'delete'}"
    event_id = ids.guid()
    record = {
        **_about(resource.id, resource.type),
        **_outcome(change),
        **_who(caller, method, operation, resource.id),
        "OperationName": operation,
        "OperationNameValue": operation.upper(),
        "Category": "Administrative",
        "CategoryValue": "Administrative",
        "Level": "Informational",
        "EventDataId": event_id,
        "OperationId": ids.guid(),
        "CorrelationId": caller.correlation_id or ids.guid(),
        "TimeGenerated": time,
        "EventSubmissionTimestamp": time,
    }
    return ActivityEvent(event_id, resource.id.text, operation, "Success", caller.name, time, record)


def _about(resource_id: ResourceId, resource_type: str) -> dict[str, Any]:
    provider = resource_type.split("/", 1)[0]
    return {
        "ResourceId": resource_id.text,
        "Resource": resource_id.name,
        "ResourceGroup": resource_id.resource_group or "",
        "ResourceProvider": provider,
        "ResourceProviderValue": provider.upper(),
        "SubscriptionId": resource_id.subscription or "",
        "Hierarchy": resource_id.subscription or "",
    }


def _outcome(change: Change) -> dict[str, Any]:
    code = "OK" if change.before else "Created"
    properties = {
        "statusCode": code,
        "resource": change.resource.type,
        "before": digest(change.before),
        "after": digest(change.after),
    }
    return {
        "ActivityStatus": "Succeeded",
        "ActivityStatusValue": "Success",
        "ActivitySubstatus": code,
        "ActivitySubstatusValue": code,
        "Properties": msgspec.json.encode(properties).decode(),
        "Properties_d": properties,
    }


def _who(caller: Caller, method: str, operation: str, resource_id: ResourceId) -> dict[str, Any]:
    authorization = {"action": operation, "scope": resource_id.text}
    claims = {"appid": caller.client_id, "oid": caller.principal_id, "name": caller.name}
    request = {"clientIpAddress": caller.address, "method": method}
    return {
        "Caller": caller.name,
        "CallerIpAddress": caller.address,
        "Authorization": msgspec.json.encode(authorization).decode(),
        "Authorization_d": authorization,
        "Claims": msgspec.json.encode(claims).decode(),
        "Claims_d": claims,
        "HTTPRequest": msgspec.json.encode(request).decode(),
    }


def digest(resource: Resource | None) -> str:
    """SHA-256 of a resource's body with sorted keys, "" for none: shows that it changed and keeps its secrets."""
    if resource is None:
        return ""
    return hashlib.sha256(msgspec.json.encode(resource.body, order="sorted")).hexdigest()
