"""`lazulite demo --once`: one job of each kind, and proof that all it told can be read back by Azure's own clients.

Every log record must be found in its table once, with every column as it was sent; the chart of ended runs must have
the numbers of the compute; and the rule made for it must fire, be listed, and call back.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec

from lazulite import catalog
from lazulite.core.errors import LazuliteError
from lazulite.core.ids import RandomIds
from lazulite.demo.facts import TERMINAL, Fact, RunChanged
from lazulite.demo.platform_metrics import RUN_METRICS
from lazulite.demo.recipes import ONE_OF_EACH, by_kind
from lazulite.demo.records import LogRecords
from lazulite.demo.session import Session
from lazulite.demo.stock import Stock
from lazulite.demo.webhook import WebhookReceiver
from lazulite.server.client import Client

JOB_SECONDS = 120.0
STORED_SECONDS = 30.0
ALERT_SECONDS = 180.0
POLL_SECONDS = 1.0
Say = Callable[[str], None]
TableRows = Counter[tuple[str, ...]]


class NotProven(LazuliteError):
    """Something that was sent could not be read back; the message says what, and what was found instead."""


@dataclass(frozen=True)
class Expectation:
    """Rows of one shape that `table` must have: `columns` and, as text, their values with how often each was sent."""

    table: str
    columns: tuple[str, ...]
    rows: TableRows

    @property
    def kql(self) -> str:
        shown = ", ".join(f"tostring({name})" for name in self.columns)
        return f"{self.table} | project {shown}"


def run(client: Client, folder: Path, nodes: int, say: Say) -> None:
    """Raises NotProven; a few minutes at most."""
    stock = Stock(client.connection)
    diary = Diary()
    rule = f"demo-once-{RandomIds().guid()[:8]}"
    since = datetime.now(UTC).replace(second=0, microsecond=0)
    try:
        with WebhookReceiver() as receiver:
            stock.make_rule(rule, client.ml_workspace, by_kind("crash-diverges").experiment, receiver.address)
            say(f"ok  rule {rule} and its action group were made")
            records = _work(client, folder, nodes, diary, say)
            prove_records(stock, diary, records, say)
            prove_chart(stock, client.ml_workspace, diary, since, say)
            prove_alert(stock, receiver, rule, say)
    finally:
        stock.close()


class Diary:
    """Every fact of the session, and a wait for jobs to end."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self.facts: list[Fact] = []

    def note(self, fact: Fact) -> None:
        with self._changed:
            self.facts.append(fact)
            self._changed.notify_all()

    def ended(self) -> dict[str, RunChanged]:
        """The last word on each ended job, by the kind of its recipe."""
        runs = (fact for fact in self.facts if isinstance(fact, RunChanged))
        return {fact.job.kind: fact for fact in runs if fact.status in TERMINAL}

    def wait(self, jobs: int, seconds: float) -> None:
        with self._changed:
            if not self._changed.wait_for(lambda: len(self.ended()) == jobs, seconds):
                raise NotProven("JobsNotEnded", f"After {seconds:.0f} s only {sorted(self.ended())} had ended.")


def _work(client: Client, folder: Path, nodes: int, diary: Diary, say: Say) -> LogRecords:
    """Run the jobs to their ends and wait until all that they told is in its tables."""
    session = Session(client, folder, nodes, diary.note)
    session.start()
    try:
        for kind in ONE_OF_EACH:
            session.compute.submit(by_kind(kind))
        diary.wait(len(ONE_OF_EACH), JOB_SECONDS)
    finally:
        left = session.close()
    for kind, fact in diary.ended().items():
        if fact.status != by_kind(kind).outcome:
            raise NotProven("WrongEnd", f"Job {kind} ended {fact.status}, not {by_kind(kind).outcome}: {fact.message}")
        say(f"ok  job {fact.job.run_id} ({kind}) {fact.status}")
    if left.waiting or left.dropped or left.rejected:
        raise NotProven("NotAcknowledged", f"Not all records were taken: {left}.")
    _wait(
        "StoredLate",
        f"Sequence {left.sequence} is not in its tables",
        STORED_SECONDS,
        lambda: client.stored(left.sequence),
    )
    say(f"ok  {left.acknowledged} records acknowledged and stored, up to sequence {left.sequence}")
    return LogRecords(session.machine)


def expectations(facts: list[Fact], records: LogRecords) -> Iterator[Expectation]:
    """What the tables must hold of `facts`: one expectation for each table and set of columns."""
    shapes: dict[tuple[str, tuple[str, ...]], TableRows] = {}
    for fact in facts:
        for name, record in records.of(fact):
            category = catalog.category(name)
            assert category is not None
            columns = tuple(sorted(record))
            shapes.setdefault((category.table, columns), Counter())[tuple(_text(record[name]) for name in columns)] += 1
    for (table, columns), rows in shapes.items():
        yield Expectation(table, columns, rows)


def prove_records(stock: Stock, diary: Diary, records: LogRecords, say: Say) -> None:
    for expected in expectations(diary.facts, records):
        found = Counter(tuple(map(str, row)) for row in stock.query(expected.kql))
        wrong = [(row, count, found[row]) for row, count in expected.rows.items() if found[row] != count]
        if wrong:
            row, sent, read = wrong[0]
            shown = dict(zip(expected.columns, row, strict=True))
            raise NotProven(
                "RecordNotFound",
                f"{expected.table}: {len(wrong)} of {len(expected.rows)} records are not there as sent;"
                f" sent {sent} and read {read} times: {shown}. Query: {expected.kql}",
            )
        say(f"ok  {expected.table}: {expected.rows.total()} records, {len(expected.columns)} columns each")


def prove_chart(stock: Stock, workspace: str, diary: Diary, since: datetime, say: Say) -> None:
    ended = Counter((fact.status, fact.job.experiment) for fact in diary.ended().values())
    for status in sorted(TERMINAL):
        metric = RUN_METRICS[status]
        until = datetime.now(UTC).replace(second=0, microsecond=0) + timedelta(minutes=1)
        found = stock.totals(workspace, metric, "ExperimentName", since, until)
        for (_, experiment), count in ((key, count) for key, count in ended.items() if key[0] == status):
            if found.get(experiment) != count:
                raise NotProven("ChartWrong", f"{metric} of {experiment}: {found} read, {count} happened.")
        say(f"ok  chart of {metric} by ExperimentName: {found}")


def prove_alert(stock: Stock, receiver: WebhookReceiver, rule: str, say: Say) -> None:
    ids: list[str] = []

    def fired() -> bool:
        ids.extend(filter(None, [stock.fired(rule)]))
        return bool(ids)

    _wait("NoAlert", f"Rule {rule} did not fire", ALERT_SECONDS, fired)
    say(f"ok  alert {ids[0].rsplit('/', 1)[-1]} of rule {rule} is listed as Fired")
    essentials = receiver.wait(rule, "Fired", STORED_SECONDS)
    if essentials is None:
        raise NotProven("NoWebhook", f"The webhook was not called for {rule} within {STORED_SECONDS:.0f} s.")
    if str(essentials.get("alertId")).rsplit("/", 1)[-1] != ids[0].rsplit("/", 1)[-1]:
        raise NotProven("WrongWebhook", f"The webhook was told of {essentials.get('alertId')}, not of {ids[0]}.")
    say("ok  the webhook was called with the same alert")


def _wait(code: str, what: str, seconds: float, done: Callable[[], bool]) -> None:
    deadline = time.monotonic() + seconds
    while not done():
        if time.monotonic() > deadline:
            raise NotProven(code, f"{what} after {seconds:.0f} s.")
        time.sleep(POLL_SECONDS)


def _text(value: Any) -> str:
    """A sent value as KQL's tostring() gives the stored one."""
    if isinstance(value, dict):
        return msgspec.json.encode(value, order="sorted").decode()
    return str(value)
