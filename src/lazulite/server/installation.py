"""What a first start creates, once for a data folder: the ids of this installation, its resources, its administrator.

Everything here may be repeated: a crash in the middle of a first start is completed by the next one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, String, Table, insert, select, update

from lazulite.alerts.recommended import ensure_recommended
from lazulite.core.batch import ALL_METRICS
from lazulite.core.caller import SYSTEM
from lazulite.core.ids import Ids
from lazulite.core.resource_id import ResourceId, parse
from lazulite.identity import Principals
from lazulite.logs.workspaces import TYPE as LOG_ANALYTICS_TYPE
from lazulite.resources import ResourceStore
from lazulite.resources.machine_learning import WORKSPACE_TYPE as ML_WORKSPACE_TYPE
from lazulite.server.own_metrics import TYPE as SERVICE_TYPE
from lazulite.state.database import METADATA, Database

LOCATION = "westeurope"
RESOURCE_GROUP = "lazulite"
ML_WORKSPACE = "demo"
LOG_ANALYTICS = "logs"
DIAGNOSTIC_SETTING = "everything"
SERVICE = "lazulite"
ADMINISTRATOR = "lazulite administrator"

_INSTALLATION = Table(
    "installation",
    METADATA,
    Column("name", String(50), primary_key=True),
    Column("value", String(200), nullable=False),
)


@dataclass(frozen=True)
class Installation:
    """The ids that stay the same as long as the data folder lives. `client_id` is the administrator's, once made."""

    tenant_id: str
    subscription_id: str
    client_id: str = ""
    resources_made: str = ""

    @property
    def subscription(self) -> ResourceId:
        return parse(f"/subscriptions/{self.subscription_id}")

    @property
    def resource_group(self) -> ResourceId:
        return self.subscription.child(f"resourceGroups/{RESOURCE_GROUP}")

    @property
    def log_analytics(self) -> ResourceId:
        return self.resource_group.child(f"providers/{LOG_ANALYTICS_TYPE}/{LOG_ANALYTICS}")

    @property
    def service(self) -> ResourceId:
        """This lazulite itself, as a resource that has metrics."""
        return self.resource_group.child(f"providers/{SERVICE_TYPE}/{SERVICE}")

    @property
    def ml_workspace(self) -> ResourceId:
        return self.resource_group.child(f"providers/{ML_WORKSPACE_TYPE}/{ML_WORKSPACE}")


def identified(database: Database, ids: Ids) -> Installation:
    """The installation of this data folder; its ids are made at the first start."""
    with database.begin() as connection:
        known: dict[str, str] = {row.name: row.value for row in connection.execute(select(_INSTALLATION))}
        for name in ("tenant_id", "subscription_id"):
            if name not in known:
                known[name] = ids.guid()
                connection.execute(insert(_INSTALLATION).values(name=name, value=known[name]))
    return Installation(**known)


def note(database: Database, name: str, value: str) -> None:
    """Keep one more fact of the installation."""
    with database.begin() as connection:
        found = connection.execute(update(_INSTALLATION).where(_INSTALLATION.c.name == name).values(value=value))
        if not found.rowcount:
            connection.execute(insert(_INSTALLATION).values(name=name, value=value))


def administrator(
    database: Database, principals: Principals, installed: Installation, known_secret: str | None
) -> tuple[str, str]:
    """Client id and secret of the administrator. A secret that is lost or no longer right is replaced."""
    if installed.client_id:
        if known_secret is not None and principals.has_secret(installed.client_id, known_secret):
            return installed.client_id, known_secret
        return installed.client_id, principals.replace_secrets(installed.client_id)
    principal, secret = principals.create(ADMINISTRATOR, administrator=True)
    note(database, "client_id", principal.client_id)
    return principal.client_id, secret


def make_resources(database: Database, store: ResourceStore, installed: Installation) -> None:
    """Subscription, group, both workspaces, the diagnostic setting and the recommended rules, at first start only.

    What an administrator deletes later stays deleted; the subscription alone is always there.
    """
    if installed.resources_made:
        return
    for resource_id, body in _first_resources(installed):
        # Only what is missing: a first start that was cut off must not reset what was made and changed since.
        if store.get(resource_id) is None:
            store.put(resource_id, body, SYSTEM)
    ensure_recommended(store, installed.ml_workspace, SYSTEM)
    note(database, "resources_made", "yes")


def _first_resources(installed: Installation) -> list[tuple[ResourceId, Mapping[str, Any]]]:
    place: Mapping[str, Any] = {"location": LOCATION, "tags": {}, "properties": {}}
    setting = installed.ml_workspace.child(f"providers/Microsoft.Insights/diagnosticSettings/{DIAGNOSTIC_SETTING}")
    return [
        (installed.subscription, {"displayName": "lazulite"}),
        (installed.resource_group, place),
        (installed.log_analytics, place),
        (installed.ml_workspace, place),
        (installed.service, place),
        (setting, {"properties": _everything_to(installed.log_analytics)}),
    ]


def _everything_to(workspace: ResourceId) -> Mapping[str, Any]:
    return {
        "workspaceId": workspace.text,
        "logs": [{"categoryGroup": "allLogs", "enabled": True}],
        "metrics": [{"category": ALL_METRICS, "enabled": True}],
    }
