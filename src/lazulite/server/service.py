"""The whole service of one data folder: every room built and wired once, its loops, and how it stops.

Service(settings, paths)      builds; nothing runs yet
start()                       the drain and the loops run; requests may be answered
stop()                        in the reverse order: what is not drained stays in the intake
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import psutil

from lazulite.alerts.action_groups import ActionGroupKind
from lazulite.alerts.evaluator import Evaluator
from lazulite.alerts.metric_measure import MetricMeasure
from lazulite.alerts.notifications import Notifications
from lazulite.alerts.notifier import Notifier
from lazulite.alerts.query import AlertQueries
from lazulite.alerts.rules import MetricAlertKind
from lazulite.alerts.store import AlertStore
from lazulite.alerts.webhook import WebhookClient, WebhookPolicy
from lazulite.core.clock import TICKS_PER_DAY, Clock, EventClock, SystemClock
from lazulite.core.counters import Counters
from lazulite.core.ids import Ids, RandomIds
from lazulite.core.resource_id import ResourceId
from lazulite.destinations.workspace import WorkspaceEncoder
from lazulite.engine import QueryLimits
from lazulite.engine.duckdb.engine import DuckDbEngine
from lazulite.engine.duckdb.settings import DuckDbSettings
from lazulite.identity import Access, Principals, Tokens
from lazulite.logs.query import LogQueries
from lazulite.logs.retention import Retention
from lazulite.logs.workspace_kind import LogAnalyticsKind
from lazulite.logs.workspaces import Workspaces
from lazulite.metrics.query import MetricQueries
from lazulite.metrics.store import MetricSettings, MetricStore
from lazulite.resources import ResourceStore, own_kinds
from lazulite.routing.drain import Drain
from lazulite.routing.intake import Intake, IntakeSettings
from lazulite.routing.outbox import ActivityDrain
from lazulite.routing.router import Router
from lazulite.routing.settings import DiagnosticSettingKind
from lazulite.routing.settings import Settings as DiagnosticSettings
from lazulite.server import installation
from lazulite.server.folder import Paths
from lazulite.server.loops import Loop
from lazulite.server.own_metrics import OwnMetrics
from lazulite.server.settings import Settings
from lazulite.server.starting import opening
from lazulite.state.database import Database
from lazulite.state.queue import DurableQueue
from lazulite.wire.health import Readiness

NOTIFICATIONS = "alert-notifications"
MINUTE = 60.0
HOUR = 3_600.0
ALERT_DAYS = 30
# After the grace of requests (server.app) and before the files are closed: all of it within the 10 s of a stop.
STOP_SECONDS = 4.0


@dataclass(frozen=True)
class Clocks:
    """Both clocks and the one id source."""

    event: Clock
    real: Clock
    ids: Ids


class Service:
    """Built on an open data folder. `known_secret` is the administrator's, from an earlier connection.json."""

    def __init__(self, settings: Settings, paths: Paths, known_secret: str | None) -> None:
        self.settings = settings
        self.paths = paths
        self.counters = Counters()
        self.clocks = Clocks(EventClock(settings.clock_start), SystemClock(), RandomIds())
        self.stopping = threading.Event()
        self.database = Database(f"sqlite:///{paths.state}")
        with opening(paths.state):
            self.database.create()
            self._build_resources(known_secret)
        self._build_stores()
        self._build_alerts()
        self.loops = self._loops()

    def _build_resources(self, known_secret: str | None) -> None:
        clocks, ids = self.clocks, self.clocks.ids
        self.principals = Principals(self.database, clocks.real, ids)
        self.installed = installation.identified(self.database, ids)
        self.client_id, self.client_secret = installation.administrator(
            self.database, self.principals, self.installed, known_secret
        )
        self.access = Access(self.principals.administrators())
        tenant = self.installed.tenant_id
        self.tokens = Tokens(self.paths.keys, clocks.real, tenant, f"https://sts.lazulite.invalid/{tenant}/")
        self.resources = ResourceStore(self.database, own_kinds(tenant, ids), clocks.event, ids)
        self.workspaces = Workspaces(self.resources)
        for kind in (
            LogAnalyticsKind(clocks.event, ids),
            DiagnosticSettingKind(self.customer_id),
            MetricAlertKind(clocks.event, self.resources.get),
            ActionGroupKind(),
        ):
            self.resources.register(kind)
        installation.make_resources(self.database, self.resources, self.installed)

    def customer_id(self, workspace: ResourceId) -> str | None:
        """That of an existing Log Analytics workspace."""
        found = self.workspaces.find(workspace.text)
        return found.customer_id if found else None

    def _build_stores(self) -> None:
        settings, event = self.settings, self.clocks.event
        reserve = settings.disk_reserve.bytes_of(self.paths.folder)
        self.engine = DuckDbEngine(self.paths.folder, _engine_settings(settings, reserve), self.counters)
        bounds = _intake_settings(settings, reserve)
        with opening(self.paths.intake):
            self.intake = Intake(self.paths.intake, event, self.counters, bounds, key_clock=self.clocks.real)
        self.metric_store = MetricStore(self.engine, MetricSettings(settings.max_series, settings.metric_days))
        self.home = self.workspaces.require(self.installed.log_analytics.text).customer_id
        router = Router(DiagnosticSettings(self.resources, self.customer_id), self.home, self.counters)
        encoder = WorkspaceEncoder(self.intake.epoch)
        self.drain = Drain(self.intake, self.engine, router, self.metric_store, encoder, self.counters)
        self.log_queries = LogQueries(self.engine, self.workspaces, event, _query_limits(settings))
        self.metric_queries = MetricQueries(self.engine, self.metric_store, event, float(settings.query_seconds))
        self.retention = Retention(self.engine, self.workspaces, event)

    def _build_alerts(self) -> None:
        clocks, find = self.clocks, self.resources.get
        queue = DurableQueue(self.database, NOTIFICATIONS, clocks.real)
        self.alert_store = AlertStore(self.database, clocks.event, clocks.ids)
        self.alert_queries = AlertQueries(self.database)
        notifications = Notifications(self.alert_store, queue, find, clocks.ids, self.counters)
        measure = MetricMeasure(self.metric_queries)
        self.evaluator = Evaluator(self.resources, measure, self.alert_store, notifications, self.counters)
        settings = self.settings
        policy = WebhookPolicy(settings.webhook_allow_loopback, settings.webhook_allow_private)
        client = WebhookClient(policy)
        self.notifier = Notifier(queue, self.alert_store, find, client, clocks.real, self.counters)

    def _loops(self) -> list[Loop]:
        def evaluate() -> int:
            return self.evaluator.evaluate_due(self.clocks.event.now())

        def expire() -> int:
            now = self.clocks.event.now()
            self.alert_store.expire(now - ALERT_DAYS * TICKS_PER_DAY)
            return self.retention.run() + self.metric_store.expire(now)

        own = OwnMetrics(self.counters, self.intake, self.clocks.event, self.installed.service)
        activity = ActivityDrain(self.resources, self.intake)
        works: tuple[tuple[str, Callable[[], object], float], ...] = (
            ("activity", activity.drain, 1.0),
            ("alerts", evaluate, 1.0),
            ("notifications", self.notifier.deliver_due, 1.0),
            ("retention", expire, HOUR),
            ("own metrics", own.report, MINUTE),
        )
        return [Loop(name, work, seconds, self.counters) for name, work, seconds in works]

    def start(self) -> None:
        """Raises Conflict `IntakeGap` when store and intake do not belong together."""
        self.drain.start(accept_gap=self.settings.accept_gap)
        self.counters.gauge("lazulite_memory_bytes", lambda: float(psutil.Process().memory_info().rss))
        for loop in self.loops:
            loop.start()

    def stop(self) -> None:
        """Requests have ended. Loops and the drain finish what they are at; the open round is committed."""
        self.stopping.set()
        for loop in self.loops:
            loop.ask_to_stop()
        end = time.monotonic() + STOP_SECONDS
        self.drain.stop(STOP_SECONDS)
        for loop in self.loops:
            loop.join(max(0.0, end - time.monotonic()))
        self.close()

    def close(self) -> None:
        """Close every file; also after a start that failed half way."""
        self.intake.close()
        self.engine.close()
        self.database.close()

    def readiness(self) -> Readiness:
        if self.stopping.is_set():
            return Readiness(False, "The service is stopping.")
        if self.drain.failure is not None:
            return Readiness(False, f"Deliveries fail and are tried again: {self.drain.failure}")
        return Readiness(True)

    def delivered(self, sequence: int) -> bool:
        return self.drain.delivered() >= sequence

    def region(self, resource_id: ResourceId) -> str:
        """The location of the resource, or of the nearest one above it that has one."""
        level: ResourceId | None = resource_id
        while level is not None:
            found = self.resources.get(level)
            if found is not None and found.body.get("location"):
                return str(found.body["location"])
            level = level.parent
        return "global"

    def exists(self, resource_id: ResourceId) -> bool:
        """The resource, or what it is a part of: children of a workspace come into being by what they emit."""
        level: ResourceId | None = resource_id
        while level is not None and level.segments:
            if self.resources.get(level) is not None:
                return True
            level = level.parent
        return self.resources.get(resource_id) is not None


def _query_limits(settings: Settings) -> QueryLimits:
    whole = QueryLimits(seconds=float(settings.query_seconds))
    return replace(whole, max_bytes=min(whole.max_bytes, settings.budget.results))


def _intake_settings(settings: Settings, reserve: int) -> IntakeSettings:
    """A round of the drain is an eighth of what DuckDB may take: its rows are there several times on their way in."""
    return IntakeSettings(
        pending_bytes=settings.budget.bodies // 4,
        total_bytes=settings.intake,
        read_bytes=settings.budget.engine // 8,
        disk_reserve_bytes=reserve,
    )


def _engine_settings(settings: Settings, reserve: int) -> DuckDbSettings:
    """Texts above 4 KiB stay in DuckDB's memory, in blocks of 256 KiB each, until a checkpoint: so it comes in time."""
    own_threads = {"threads": settings.threads} if settings.threads else {}
    return DuckDbSettings(
        memory_bytes=settings.budget.engine,
        checkpoint_bytes=min(DuckDbSettings.checkpoint_bytes, settings.budget.engine // 8),
        spill_bytes=settings.spill,
        queries=settings.queries,
        queries_waiting=settings.query_queue,
        disk_reserve_bytes=reserve,
        **own_threads,
    )
