"""The alerts room put together on real state: a store of resources, rules, alerts and notifications in one database.

Only what is measured is made up: `Measured` holds values that a test writes down, minute by minute.
"""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import msgspec
import pytest

from lazulite.alerts.action_groups import ActionGroupKind
from lazulite.alerts.conditions import SeriesValue
from lazulite.alerts.evaluator import Evaluator, EvaluatorSettings
from lazulite.alerts.instance import Alert
from lazulite.alerts.notifications import Notifications
from lazulite.alerts.notifier import Notifier
from lazulite.alerts.query import AlertFilter, AlertPage, AlertQueries
from lazulite.alerts.rule import SINGLE, CriterionBody
from lazulite.alerts.rules import MetricAlertKind
from lazulite.alerts.store import AlertStore
from lazulite.alerts.webhook import WebhookClient, WebhookPolicy
from lazulite.core.caller import Caller
from lazulite.core.clock import TICKS_PER_MINUTE, HeldClock
from lazulite.core.counters import Counters
from lazulite.core.errors import Unavailable
from lazulite.core.ids import CountingIds
from lazulite.core.resource_id import ResourceId, parse
from lazulite.kql.ticks import parse_datetime
from lazulite.resources import ResourceStore, own_kinds
from lazulite.state.database import Database
from lazulite.state.queue import DurableQueue

SUB = "/subscriptions/11111111-2222-3333-4444-555555555555"
RG = f"{SUB}/resourceGroups/lazulite"
WORKSPACE = f"{RG}/providers/Microsoft.MachineLearningServices/workspaces/demo"
OTHER = f"{RG}/providers/Microsoft.MachineLearningServices/workspaces/other"
GROUP = f"{RG}/providers/Microsoft.Insights/actionGroups/night"
RULE = f"{RG}/providers/Microsoft.Insights/metricAlerts/deploys"
ALICE = Caller("oid-alice", "app-alice", "alice")
START = parse_datetime("2026-11-25T03:00:00Z") or 0


def criterion(**changes: Any) -> dict[str, Any]:
    """Model Deploy Failed, Total > 0, with changes."""
    return {
        "criterionType": "StaticThresholdCriterion",
        "name": "failed",
        "metricName": "Model Deploy Failed",
        "metricNamespace": "Microsoft.MachineLearningServices/workspaces",
        "timeAggregation": "Total",
        "operator": "GreaterThan",
        "threshold": 0,
        **changes,
    }


def rule_body(*criteria: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """A rule on the workspace of the tests, every minute over one minute; `changes` replace properties."""
    properties = {
        "description": "A deployment failed.",
        "severity": 2,
        "enabled": True,
        "scopes": [WORKSPACE],
        "evaluationFrequency": "PT1M",
        "windowSize": "PT1M",
        "criteria": {"odata.type": SINGLE, "allOf": list(criteria) or [criterion()]},
        "autoMitigate": True,
        "actions": [],
        **changes,
    }
    return {"location": "global", "properties": properties}


def group_body(*uris: str, **changes: Any) -> dict[str, Any]:
    receivers = [
        {"name": f"hook{place}", "serviceUri": uri, "useCommonAlertSchema": True} for place, uri in enumerate(uris)
    ]
    return {
        "location": "Global",
        "properties": {"groupShortName": "night", "enabled": True, "webhookReceivers": receivers, **changes},
    }


class Measured:
    """What each window holds: `put` writes a value for the minute that ends at the clock's next evaluation."""

    def __init__(self) -> None:
        self.values_now: dict[tuple[str, str], list[SeriesValue]] = {}
        self.broken: set[str] = set()
        self.windows: list[tuple[int, int]] = []

    def put(self, value: float | None, metric: str = "Model Deploy Failed", on: str = WORKSPACE, **by: str) -> None:
        found = self.values_now.setdefault((on.lower(), metric), [])
        dimensions = tuple(by.items())
        found[:] = [each for each in found if each.dimensions != dimensions]
        found.append(SeriesValue(dimensions, value))

    def clear(self) -> None:
        self.values_now.clear()

    def values(self, target: ResourceId, of: CriterionBody, start: int, end: int) -> Sequence[SeriesValue]:
        self.windows.append((start, end))
        if of.metric_name in self.broken:
            raise Unavailable("EngineReopening", "The engine is being reopened.")
        return list(self.values_now.get((target.key, of.metric_name), []))


class Room:
    """Everything of one service that alerts need. `reopen` is what a restart does."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.clock = HeldClock(START)
        self.ids = CountingIds()
        self.measured = Measured()
        self.counters = Counters()
        self.open()
        for container, body in ((SUB, {}), (RG, {"location": "westeurope"})):
            self.resources.put(parse(container), body, ALICE)
        for workspace in (WORKSPACE, OTHER):
            self.resources.put(parse(workspace), {"location": "westeurope", "properties": {}}, ALICE)

    def open(self) -> None:
        self.database = Database(f"sqlite:///{self.folder / 'state.db'}")
        self.database.create()
        self.resources = ResourceStore(self.database, own_kinds("tenant", self.ids), self.clock, self.ids)
        self.resources.register(MetricAlertKind(self.clock, self.resources.get))
        self.resources.register(ActionGroupKind())
        self.queue = DurableQueue(self.database, "notifications", self.clock)
        self.store = AlertStore(self.database, self.clock, self.ids)
        self.queries = AlertQueries(self.database)
        find = self.resources.get
        notifications = Notifications(self.store, self.queue, find, self.ids, self.counters)
        settings = EvaluatorSettings(settle_seconds=0)
        self.evaluator = Evaluator(self.resources, self.measured, self.store, notifications, self.counters, settings)
        client = WebhookClient(WebhookPolicy(), timeout=2.0)
        self.notifier = Notifier(self.queue, self.store, find, client, self.clock, self.counters)

    def reopen(self) -> None:
        """Drop every object and start again from the files, as after a SIGKILL."""
        self.database.close()
        self.open()

    def put(self, resource_id: str, body: dict[str, Any]) -> Any:
        return self.resources.put(parse(resource_id), body, ALICE)[0]

    def minute(self, count: int = 1) -> None:
        """Walk the clock minute by minute, evaluating at each."""
        for _ in range(count):
            self.clock.ticks += TICKS_PER_MINUTE
            self.evaluator.evaluate_due(self.clock.now())

    def alerts(self, **equal: str) -> list[Alert]:
        """The newest last."""
        found = self.queries.list(AlertFilter(equal=tuple(equal.items())), AlertPage("startDateTime", False, 250))
        return list(found.alerts)

    def conditions(self) -> list[str]:
        return [alert.monitor_condition for alert in self.alerts()]


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    made = Room(tmp_path)
    yield made
    made.database.close()


class Receiver:
    """A webhook on loopback that answers with the statuses it is given, then 200; and keeps what it got."""

    def __init__(self, port: int = 0) -> None:
        self.answers: list[int] = []
        self.bodies: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.paths: list[str] = []
        self.stalled = threading.Event()
        self.stalled.set()
        self._server = ThreadingHTTPServer(("127.0.0.1", port), self._handler())
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook?code=s3cret"

    def secure(self, certificate: Path, key: Path) -> None:
        """Speak TLS from now on."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)

    def close(self) -> None:
        self.stalled.set()
        self._server.shutdown()
        self._server.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.bodies.append(msgspec.json.decode(body))
                receiver.headers.append(dict(self.headers))
                receiver.paths.append(self.path)
                receiver.stalled.wait(20)
                status = receiver.answers.pop(0) if receiver.answers else 200
                self.send_response(status)
                if 300 <= status < 400:
                    self.send_header("Location", f"http://127.0.0.1:{receiver.port}/elsewhere")
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Quiet."""

        return Handler


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    yield made
    made.close()
