"""Alert rules of a real server, with a receiver of webhooks: told once, through kills and a receiver that is away."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from lazulite.alerts.notifier import NOTIFICATION_ID
from lazulite.demo.alert_rules import METRIC_ALERT_TYPE, METRIC_ALERT_VERSION, failed_runs, webhook_group
from tests.alerts.conftest import Receiver
from tests.e2e.harness import Client, Server, wait_for

GROUP_VERSION = {"api-version": "2023-01-01"}
RULE_VERSION = {"api-version": METRIC_ALERT_VERSION}
ALERTS_VERSION = {"api-version": "2019-05-05-preview"}
RULES = 300
MOST_SERIES = 5_000
RECOMMENDED = 3
# Half of the minute that there is for it.
EVALUATED_SECONDS = 30.0
# A kill may hit a notification while it is being sent: it is tried again when its lease of 120 s has run out.
LEASE = 150.0


class Hearing:
    """Webhooks on one port, which is closed while nobody listens."""

    def __init__(self) -> None:
        self.port = 0
        self._receivers: list[Receiver] = []
        with self.listening():
            pass  # gives it a port of its own

    @contextmanager
    def listening(self) -> Iterator[None]:
        receiver = Receiver(self.port)
        self._receivers.append(receiver)
        self.port = receiver.port
        try:
            yield
        finally:
            receiver.close()

    @property
    def told(self) -> dict[str, dict[str, Any]]:
        """What was told, by the notification's id."""
        heard = [pair for each in self._receivers for pair in zip(each.headers, each.bodies, strict=False)]
        return {headers[NOTIFICATION_ID]: body for headers, body in heard}

    def conditions(self, rule: str) -> list[str]:
        found = [body["data"]["essentials"] for body in self.told.values()]
        return [each["monitorCondition"] for each in found if each["alertRule"] == rule]


class Alerting:
    """A server whose event clock is set by each start, and the rules of it."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.server = Server(data)

    def start(self, at: str) -> Client:
        """Begin, or begin anew, with the event clock at `at` o'clock."""
        self.server.options = ("--clock-start", f"2026-01-05T{at}Z")
        self.client = Client(self.server.start().connection)
        return self.client

    @property
    def group(self) -> str:
        return self.client.workspace.split("/providers/")[0]

    def rule_path(self, name: str) -> str:
        return f"{self.group}/providers/{METRIC_ALERT_TYPE}/{name}"

    def put(self, path: str, version: dict[str, str], body: dict[str, Any]) -> None:
        answer = self.client.http.put(path, params=version, json=body)
        assert answer.status_code in (200, 201), answer.text

    def count(self, counter: str, outcome: str) -> int:
        """What this process counted so far."""
        start = f'lazulite_alert_{counter}_total{{outcome="{outcome}"}} '
        lines = self.client.http.get("/metrics").text.splitlines()
        return int(float(next((line.removeprefix(start) for line in lines if line.startswith(start)), "0")))

    def status(self, name: str) -> dict[str, Any]:
        """The first row of a rule's status."""
        answer = self.client.http.get(f"{self.rule_path(name)}/status", params=RULE_VERSION)
        found: dict[str, Any] = answer.json()["value"][0]["properties"]
        return found

    def fired(self, name: str) -> list[str]:
        """The conditions of the rule's alerts."""
        path = f"/subscriptions/{self.client.connection['subscription_id']}/providers/Microsoft.AlertsManagement/alerts"
        answer = self.client.http.get(path, params={**ALERTS_VERSION, "alertRule": self.rule_path(name)})
        return [each["properties"]["essentials"]["monitorCondition"] for each in answer.json()["value"]]

    def emit(self, *points: dict[str, Any]) -> None:
        answer = self.client.emit("AllMetrics", points)
        assert answer.status_code == 202, answer.text
        assert not answer.json()["rejected"]
        self.client.settle(answer.json()["sequence"])


def point(at: str, value: int, experiment: str) -> dict[str, Any]:
    return {
        "time": f"2026-01-05T{at}Z",
        "metricName": "Failed Runs",
        "dimensions": {"ExperimentName": experiment},
        "value": value,
    }


@contextmanager
def alerting(data: Path) -> Iterator[Alerting]:
    found = Alerting(data)
    try:
        yield found
    finally:
        found.server.stop()


def test_an_alert_is_told_once_through_kills_and_a_receiver_that_is_away_and_its_end_as_well(tmp_path: Path) -> None:
    receiver = Hearing()
    with alerting(tmp_path / "data") as room:
        # Six seconds past a minute its instant is due at once, and the next one is far away.
        room.start("12:00:06")
        group = f"{room.group}/providers/Microsoft.Insights/actionGroups/me"
        room.put(group, GROUP_VERSION, webhook_group(f"http://127.0.0.1:{receiver.port}/alert"))
        room.emit(point("11:59:30", 1, "mine"))
        room.put(room.rule_path("failed"), RULE_VERSION, failed_runs(room.client.workspace, action_group=group))
        wait_for(lambda: room.fired("failed") == ["Fired"], 30, "it did not fire")
        room.server.kill()

        room.start("12:01:06")  # the point is still in the window
        wait_for(lambda: room.count("evaluations", "succeeded") >= RECOMMENDED + 1, 30, "it was not evaluated again")
        assert room.fired("failed") == ["Fired"]
        wait_for(lambda: room.count("notifications", "retried") > 0, LEASE, "the receiver was not tried again")
        assert receiver.told == {}
        with receiver.listening():
            wait_for(lambda: receiver.conditions("failed") == ["Fired"], 60, "nobody was told")
        for at in ("12:06:06", "12:07:06", "12:08:06"):
            room.server.kill()
            room.start(at)
            wait_for(lambda: room.count("evaluations", "succeeded") >= RECOMMENDED + 1, 30, f"not evaluated at {at}")
        assert room.fired("failed") == ["Resolved"]
        with receiver.listening():
            wait_for(lambda: len(receiver.conditions("failed")) > 1, LEASE, "the end was not told")
        assert receiver.conditions("failed") == ["Fired", "Resolved"]


def test_hundreds_of_rules_are_evaluated_at_once_and_one_that_cannot_be_measured_says_why(tmp_path: Path) -> None:
    with alerting(tmp_path / "data") as room:
        room.start("12:00:06")
        room.emit(*(point("11:59:30", index % 2, f"experiment {index}") for index in range(MOST_SERIES + 1)))
        for index in range(RULES):
            body = failed_runs(room.client.workspace, experiment=f"experiment {index}")
            room.put(room.rule_path(f"rule-{index}"), RULE_VERSION, body)
        room.put(room.rule_path("too-wide"), RULE_VERSION, failed_runs(room.client.workspace, experiment="*"))
        room.server.kill()

        room.start("12:01:06")
        begun = time.monotonic()
        wait_for(lambda: room.count("evaluations", "succeeded") >= RULES + RECOMMENDED, 60, "rules are late")
        seconds = time.monotonic() - begun
        print(f"{RULES} rules over {MOST_SERIES} series in {seconds:.1f} s")
        assert seconds < EVALUATED_SECONDS
        assert room.status("rule-0")["status"] == "Healthy"
        assert room.status("rule-1")["status"] == "Unhealthy"
        wide = room.status("too-wide")
        assert wide["status"] == "EvaluationFailed"
        assert "series" in wide["error"]
        assert room.count("evaluations", "failed") > 0
