"""Alert instances in the state database. What an evaluation does is written inside the transaction it is given.

Rules claim an instant before they write for it: a second evaluation of the same instant, after a crash or a restart,
finds it claimed and writes nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from sqlalchemy import Connection, and_, delete, insert, select, update

from lazulite.alerts.conditions import Open, Verdict
from lazulite.alerts.instance import FIRED, NEW, RESOLVED, STATES, Alert, Modification, alert_of, dimensions_of
from lazulite.alerts.rule import Rule
from lazulite.alerts.table import ALERT, HISTORY, OPEN, RUN
from lazulite.core.caller import SYSTEM, Caller
from lazulite.core.clock import Clock
from lazulite.core.errors import BadRequest, NotFound
from lazulite.core.ids import Ids
from lazulite.core.resource_id import ResourceId
from lazulite.state.database import Database

MAX_COMMENT = 2_000
MAX_ERROR = 2_000
EXPIRED_AT_ONCE = 1_000


@dataclass(frozen=True)
class Run:
    """The last instant a rule was evaluated for, and why that failed ("" when it did not)."""

    instant: int
    error: str


class AlertStore:
    """Safe to use from many threads. `clock` is the event clock."""

    def __init__(self, database: Database, clock: Clock, ids: Ids) -> None:
        self.database = database
        self._clock = clock
        self._ids = ids

    def claim(self, connection: Connection, rule_key: str, instant: int, error: str = "") -> bool:
        """Take the instant for the rule; False when it, or a later one, has been taken already."""
        current = self._run(connection, rule_key)
        if current and (current.instant > instant or (current.instant == instant and not current.error)):
            return False
        values = {"instant": instant, "error": error[:MAX_ERROR]}
        if current:
            connection.execute(update(RUN).where(RUN.c.rule_key == rule_key).values(values))
        else:
            connection.execute(insert(RUN).values(rule_key=rule_key, **values))
        return True

    def runs(self) -> Mapping[str, Run]:
        """By rule key."""
        with self.database.read() as connection:
            return {row.rule_key: Run(row.instant, row.error) for row in connection.execute(select(RUN))}

    def run(self, rule_key: str) -> Run | None:
        with self.database.read() as connection:
            return self._run(connection, rule_key)

    def open(self, connection: Connection, rule_key: str) -> dict[str, Open]:
        """The fired alerts that a rule goes on from, by series."""
        query = (
            select(ALERT.c.series, ALERT.c.target, ALERT.c.dimensions, OPEN.c.alert_id, OPEN.c.healthy)
            .join(ALERT, ALERT.c.id == OPEN.c.alert_id)
            .where(OPEN.c.rule_key == rule_key)
        )
        return {
            row.series: Open(row.alert_id, row.healthy, row.target, dimensions_of(row.dimensions))
            for row in connection.execute(query)
        }

    def open_rules(self) -> set[str]:
        """The keys of rules with a fired alert, or with a run; among them those that are no more."""
        with self.database.read() as connection:
            return {*connection.scalars(select(OPEN.c.rule_key)), *connection.scalars(select(RUN.c.rule_key))}

    def fire(self, connection: Connection, rule: Rule, verdict: Verdict, context: Mapping[str, Any]) -> Alert:
        """A new alert, with its history; the next evaluation goes on from it when the rule is stateful."""
        values = self._new_values(rule, verdict, context)
        connection.execute(insert(ALERT).values(values))
        if rule.stateful:
            key = {"rule_key": rule.key, "series_hash": series_hash(verdict.series)}
            connection.execute(insert(OPEN).values(**key, alert_id=values["id"], healthy=0))
        change = Modification("AlertCreated", "", FIRED, values["started"], SYSTEM.name, "", "The alert was created.")
        self.note(connection, values["id"], change)
        return self._require(connection, values["id"])

    def count_healthy(self, connection: Connection, alert_id: str, healthy: int) -> None:
        connection.execute(update(OPEN).where(OPEN.c.alert_id == alert_id).values(healthy=healthy))

    def resolve(
        self, connection: Connection, alert_id: str, why: str, context: Mapping[str, Any] | None = None
    ) -> Alert:
        """The condition of a fired alert is over; the alert's state stays what users made it."""
        now = self._clock.now()
        changes: dict[str, Any] = {
            "monitor_condition": RESOLVED,
            "resolved": now,
            "modified": now,
            "modified_by": SYSTEM.name,
        }
        if context is not None:
            changes["context"] = _text(context)
        connection.execute(update(ALERT).where(ALERT.c.id == alert_id).values(changes))
        connection.execute(delete(OPEN).where(OPEN.c.alert_id == alert_id))
        change = Modification("MonitorConditionChange", FIRED, RESOLVED, now, SYSTEM.name, "", why)
        self.note(connection, alert_id, change)
        return self._require(connection, alert_id)

    def forget_rule(self, rule_key: str, why: str, *, gone: bool) -> None:
        """Resolve, without telling anyone, what a rule that is disabled or `gone` has fired; a new rule starts anew."""
        with self.database.begin() as connection:
            for each in self.open(connection, rule_key).values():
                self.resolve(connection, each.alert_id, why)
            if gone:
                connection.execute(delete(RUN).where(RUN.c.rule_key == rule_key))

    def forget_run(self, rule_key: str) -> None:
        """No instant of the rule counts as evaluated any more; what it has fired stays."""
        with self.database.begin() as connection:
            connection.execute(delete(RUN).where(RUN.c.rule_key == rule_key))

    def note(self, connection: Connection, alert_id: str, change: Modification) -> None:
        """Add a line to an alert's history."""
        connection.execute(
            insert(HISTORY).values(
                alert_id=alert_id,
                event=change.event,
                old_value=change.old_value,
                new_value=change.new_value,
                at=change.at,
                by=change.by,
                comments=change.comments,
                description=change.description,
            )
        )

    def note_failure(self, alert_id: str, description: str) -> None:
        """An action did not reach its receiver; the alert may have expired meanwhile."""
        now = self._clock.now()
        with self.database.begin() as connection:
            if connection.execute(select(ALERT.c.id).where(ALERT.c.id == alert_id)).first():
                self.note(
                    connection, alert_id, Modification("ActionsFailed", "", "", now, SYSTEM.name, "", description)
                )

    def change_state(self, alert_id: str, state: str, caller: Caller, comments: str = "") -> Alert:
        """Set New, Acknowledged or Closed; raises BadRequest for another state, NotFound without such an alert."""
        spelled = next((each for each in STATES if each.lower() == state.lower()), None)
        if spelled is None:
            raise BadRequest("BadRequest", f"newState is '{state[:80]}'; it must be one of {', '.join(STATES)}.")
        if len(comments) > MAX_COMMENT:
            raise BadRequest("BadRequest", f"The comment is longer than {MAX_COMMENT} characters.", target="comments")
        now = self._clock.now()
        with self.database.begin() as connection:
            before = self._require(connection, alert_id)
            changes = {"alert_state": spelled, "modified": now, "modified_by": caller.name}
            connection.execute(update(ALERT).where(ALERT.c.id == before.id).values(changes))
            change = Modification("StateChange", before.alert_state, spelled, now, caller.name, comments)
            self.note(connection, before.id, change)
            return self._require(connection, before.id)

    def require(self, alert_id: str) -> Alert:
        """Raises NotFound `AlertNotFound`."""
        with self.database.read() as connection:
            return self._require(connection, alert_id)

    def history(self, alert_id: str) -> list[Modification]:
        """The newest first, as the service lists them."""
        query = select(HISTORY).where(HISTORY.c.alert_id == alert_id.lower()).order_by(HISTORY.c.number.desc())
        with self.database.read() as connection:
            return [
                Modification(row.event, row.old_value, row.new_value, row.at, row.by, row.comments, row.description)
                for row in connection.execute(query)
            ]

    def open_alerts(self, rule_key: str) -> Sequence[Alert]:
        """The fired alerts of a rule, the oldest first; for its status."""
        fired = and_(ALERT.c.rule_key == rule_key, ALERT.c.id.in_(select(OPEN.c.alert_id)))
        with self.database.read() as connection:
            return [alert_of(row) for row in connection.execute(select(ALERT).where(fired).order_by(ALERT.c.started))]

    def expire(self, before: int) -> int:
        """Delete alerts last changed before `before` ticks that no rule goes on from; returns how many."""
        # A few at a time: a transaction that deletes a month's alerts would hold up every other write.
        old = select(ALERT.c.id).where(ALERT.c.modified < before, ALERT.c.id.not_in(select(OPEN.c.alert_id)))
        total = 0
        while True:
            with self.database.begin() as connection:
                ids = list(connection.scalars(old.limit(EXPIRED_AT_ONCE)))
                connection.execute(delete(HISTORY).where(HISTORY.c.alert_id.in_(ids)))
                connection.execute(delete(ALERT).where(ALERT.c.id.in_(ids)))
            total += len(ids)
            if len(ids) < EXPIRED_AT_ONCE:
                return total

    def _run(self, connection: Connection, rule_key: str) -> Run | None:
        row = connection.execute(select(RUN).where(RUN.c.rule_key == rule_key)).first()
        return Run(row.instant, row.error) if row else None

    def _require(self, connection: Connection, alert_id: str) -> Alert:
        row = connection.execute(select(ALERT).where(ALERT.c.id == alert_id.lower())).first()
        if row is None:
            raise NotFound("AlertNotFound", f"There is no alert '{alert_id[:80]}'; it may have expired.")
        return alert_of(row)

    def _new_values(self, rule: Rule, verdict: Verdict, context: Mapping[str, Any]) -> dict[str, Any]:
        now = self._clock.now()
        return {
            "id": self._ids.guid(),
            "name": rule.id.name,
            "rule": rule.id.text,
            "rule_key": rule.key,
            "series": verdict.series,
            "severity": f"Sev{rule.body.severity}",
            "signal_type": "Metric",
            "monitor_service": "Platform",
            "alert_state": NEW,
            "monitor_condition": FIRED,
            **_target_values(verdict.target),
            "description": rule.body.description or "",
            "dimensions": _text(verdict.dimensions),
            "context": _text(context),
            "started": now,
            "modified": now,
            "modified_by": SYSTEM.name,
            "resolved": None,
        }


def _target_values(target: ResourceId) -> dict[str, str]:
    return {
        "subscription": target.subscription or "",
        "target": target.text,
        "target_key": target.key,
        "target_name": target.name,
        "target_group": target.resource_group or "",
        "target_type": target.type,
    }


def series_hash(series: str) -> str:
    """Series are of any length; a key of a table is not."""
    return hashlib.sha256(series.encode()).hexdigest()


def _text(value: object) -> str:
    return msgspec.json.encode(value).decode()
