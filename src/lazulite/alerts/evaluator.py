"""Evaluates every enabled rule at its frequency: measure the window, decide, and commit it all in one transaction.

Instants are multiples of a rule's frequency; the window is [instant - window, instant). An instant is evaluated
`settle` seconds after it, when the last minute's points have arrived. After a pause only the latest instant is
evaluated: what fired and resolved while nobody was looking is not told late.

The alert, its history and its notifications' queue items are one transaction, with the claim of the instant: a crash
loses none and doubles none. One rule's failure is counted, shown in its status, retried, and stops no other rule.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

from sqlalchemy import Connection

from lazulite.alerts.conditions import Open, Reading, Step, Verdict, step, verdicts
from lazulite.alerts.limits import MA_SERIES_PER_RULE, METRIC_ALERTS
from lazulite.alerts.measure import Measure
from lazulite.alerts.notifications import Notifications
from lazulite.alerts.payload import alert_context
from lazulite.alerts.rule import Rule, read_rule
from lazulite.alerts.store import AlertStore, Run
from lazulite.core.clock import TICKS_PER_SECOND
from lazulite.core.counters import Counters
from lazulite.core.errors import LazuliteError, TooLarge
from lazulite.core.resource_id import parse
from lazulite.resources.kind import Resource

EVALUATIONS = "lazulite_alert_evaluations_total"
TRANSITIONS = "lazulite_alert_transitions_total"
LAG = "lazulite_alert_rule_lag_seconds"
SKIPPED = "lazulite_alert_instants_skipped_total"
UNMET = "The condition was not met in consecutive checks."
_LOG = logging.getLogger("lazulite.alerts")


class RuleSource(Protocol):
    """What of the resource store is read here."""

    def list(self, resource_type: str, /) -> Iterable[Resource]: ...

    def revision(self) -> int: ...


@dataclass(frozen=True)
class EvaluatorSettings:
    """`settle_seconds` is the wait for late points, `retry_seconds` between tries of an evaluation that failed."""

    settle_seconds: float = 5.0
    retry_seconds: float = 10.0


class Evaluator:
    """Call `evaluate_due` about once a second from one thread; it returns at once when no rule is due."""

    def __init__(
        self,
        rules: RuleSource,
        measure: Measure,
        store: AlertStore,
        notifications: Notifications,
        counters: Counters,
        settings: EvaluatorSettings | None = None,
    ) -> None:
        self._source = rules
        self._measure = measure
        self._store = store
        self._notifications = notifications
        self._counters = counters
        self._settings = settings or EvaluatorSettings()
        self._revision = -1
        self._rules: dict[str, Rule] = {}
        self._tried: dict[str, int] = {}
        self._runs: dict[str, Run] = dict(store.runs())

    def evaluate_due(self, now: int) -> int:
        """Evaluate every rule that is due at `now` (event clock, ticks); returns how many were."""
        self._refresh()
        due = [(rule, self._instant(rule, now)) for rule in self._rules.values() if self._is_due(rule, now)]
        for rule, instant in sorted(due, key=lambda each: each[1]):
            self._evaluate(rule, instant, now)
        return len(due)

    def _refresh(self) -> None:
        # Read before the list: a change in between is seen again at the next look, never missed.
        revision = self._source.revision()
        if revision == self._revision:
            return
        found = {resource.id.key: resource for resource in self._source.list(METRIC_ALERTS)}
        self._rules = {rule.key: rule for rule in map(self._read, found.values()) if rule and rule.body.enabled}
        for key in self._store.open_rules() - self._rules.keys():
            self._forget(key, gone=key not in found)
        self._revision = revision

    def _read(self, resource: Resource) -> Rule | None:
        known = self._rules.get(resource.id.key)
        if known and known.revision == resource.revision:
            return known
        try:
            return read_rule(resource)
        except LazuliteError as error:
            self._counters.add(EVALUATIONS, outcome="unreadable")
            _LOG.error("alert rule cannot be read", extra={"rule": resource.id.text, "error": error.message})
            return None

    def _forget(self, key: str, *, gone: bool) -> None:
        self._store.forget_rule(key, f"The rule was {'deleted' if gone else 'disabled'}.", gone=gone)
        if gone:
            self._runs.pop(key, None)
        self._tried.pop(key, None)

    def _settled(self, now: int) -> int:
        return now - round(self._settings.settle_seconds * TICKS_PER_SECOND)

    def _instant(self, rule: Rule, now: int) -> int:
        settled = self._settled(now)
        return settled - settled % rule.frequency

    def _is_due(self, rule: Rule, now: int) -> bool:
        instant = self._instant(rule, now)
        run = self._last_run(rule, instant)
        if run is None or instant > run.instant:
            return True
        waited = now - self._tried.get(rule.key, 0)
        failed = bool(run.error) and instant == run.instant
        return failed and waited >= round(self._settings.retry_seconds * TICKS_PER_SECOND)

    def _last_run(self, rule: Rule, instant: int) -> Run | None:
        run = self._runs.get(rule.key)
        if run is not None and run.instant > instant + rule.frequency:
            # The event clock was set back (another --clock-start): the rule would wait for what may be years away.
            _LOG.warning("the clock was set back, the rule begins anew", extra={"rule": rule.id.text})
            self._store.forget_run(rule.key)
            del self._runs[rule.key]
            return None
        return run

    def _evaluate(self, rule: Rule, instant: int, now: int) -> None:
        self._tried[rule.key] = now
        self._counters.observe(LAG, max(0, self._settled(now) - instant) / TICKS_PER_SECOND)
        self._count_skipped(rule, instant)
        try:
            self._commit(rule, instant, self._verdicts(rule, instant))
        except Exception as error:
            # Whatever goes wrong with one rule must not keep the others from being evaluated.
            self._failed(rule, instant, error)
        else:
            self._runs[rule.key] = Run(instant, "")
            self._counters.add(EVALUATIONS, outcome="succeeded")

    def _count_skipped(self, rule: Rule, instant: int) -> None:
        run = self._runs.get(rule.key)
        missed = (instant - run.instant) // rule.frequency - 1 if run else 0
        if missed > 0:
            self._counters.add(SKIPPED, missed)

    def _verdicts(self, rule: Rule, instant: int) -> list[Verdict]:
        found: list[Verdict] = []
        for target in rule.scopes:
            measured = [
                (criterion, self._measure.values(target, criterion, instant - rule.window, instant))
                for criterion in rule.criteria
            ]
            found += verdicts(target, measured)
        if len(found) > MA_SERIES_PER_RULE:
            raise TooLarge("TooManyTimeSeries", f"The rule watches {len(found)} series, above {MA_SERIES_PER_RULE}.")
        return found

    def _commit(self, rule: Rule, instant: int, found: list[Verdict]) -> None:
        with self._store.database.begin() as connection:
            if not self._store.claim(connection, rule.key, instant):
                return
            current = self._store.open(connection, rule.key)
            complete = _with_silent(rule, found, current)
            steps = [self._step(connection, rule, instant, each, current) for each in complete]
        for each in steps:
            if each in (Step.FIRE, Step.RESOLVE):
                self._counters.add(TRANSITIONS, step=each.value)

    def _step(
        self, connection: Connection, rule: Rule, instant: int, verdict: Verdict, current: Mapping[str, Open]
    ) -> Step:
        fired = current.get(verdict.series)
        what, healthy = step(verdict.met, fired, rule.stateful)
        context = alert_context(rule, verdict, instant)
        if what is Step.FIRE:
            self._notifications.put(connection, rule, self._store.fire(connection, rule, verdict, context))
        elif fired and what is Step.RESOLVE:
            alert = self._store.resolve(connection, fired.alert_id, UNMET, context)
            self._notifications.put(connection, rule, alert)
        elif fired and what is Step.COUNT:
            self._store.count_healthy(connection, fired.alert_id, healthy)
        return what

    def _failed(self, rule: Rule, instant: int, error: Exception) -> None:
        text = (
            error.message
            if isinstance(error, LazuliteError)
            else f"Internal error {type(error).__name__}; see the log."
        )
        # In memory first: while the state database is what fails, the rule must still wait before it is tried again.
        self._runs[rule.key] = Run(instant, text)
        self._counters.add(EVALUATIONS, outcome="failed")
        _LOG.warning("alert rule failed", extra={"rule": rule.id.text, "error": text}, exc_info=error)
        try:
            with self._store.database.begin() as connection:
                self._store.claim(connection, rule.key, instant, text)
        except Exception as second:
            self._counters.add(EVALUATIONS, outcome="failure_not_recorded")
            _LOG.warning("failure of an alert rule was not recorded", extra={"rule": rule.id.text}, exc_info=second)


def _with_silent(rule: Rule, found: list[Verdict], current: Mapping[str, Open]) -> list[Verdict]:
    """The verdicts, and one without data for each fired series that was not found in this window."""
    seen = {verdict.series for verdict in found}
    return found + [_silent(rule, fired) for series, fired in current.items() if series not in seen]


def _silent(rule: Rule, fired: Open) -> Verdict:
    readings = tuple(Reading(criterion, fired.dimensions, None) for criterion in rule.criteria)
    return Verdict(parse(fired.target), fired.dimensions, readings)
