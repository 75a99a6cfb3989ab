"""What the demo asks its server for: a first answer once, the newest alert each time, and trouble in plain words."""

from __future__ import annotations

from lazulite.core.clock import HeldClock
from lazulite.demo.board import Board
from lazulite.demo.emitter import Emitted
from lazulite.demo.news import News
from lazulite.server.client import Client
from tests.cli.fake_server import FakeServer

ALERT = {
    "properties": {
        "essentials": {
            "monitorCondition": "Fired",
            "severity": "Sev2",
            "alertRule": "/subscriptions/s/metricAlerts/demo-failed-runs",
            "startDateTime": "2026-01-01T00:01:00.0000000Z",
        }
    }
}
COLUMNS = [{"name": "EventType", "type": "string"}, {"name": "Events", "type": "long"}]


def table(*rows: list[object]) -> dict[str, object]:
    return {"tables": [{"name": "PrimaryResult", "columns": COLUMNS, "rows": list(rows)}]}


def test_it_asks_until_there_is_an_answer_and_then_only_for_alerts() -> None:
    board = Board(HeldClock(0))
    with FakeServer() as server, Client(server.connection) as client:
        news = News(client, board)
        server.answers = {"POST /query": (200, table()), "GET /alerts": (200, {"value": []})}
        news.poll()
        assert board.picture(Emitted()).answer == ""
        server.answers = {"POST /query": (200, table(["JobFailed", 2])), "GET /alerts": (200, {"value": [ALERT]})}
        news.poll()
        news.poll()
    picture = board.picture(Emitted())
    assert picture.answer == "JobFailed 2 (AmlComputeJobEvent by EventType)"
    assert picture.alert == "Fired Sev2 demo-failed-runs since 2026-01-01T00:01:00Z"
    assert [request.method for request in server.requests] == ["POST", "GET", "POST", "GET", "GET"]


def test_a_server_that_cannot_answer_is_shown() -> None:
    board = Board(HeldClock(0))
    with FakeServer() as server, Client(server.connection) as client:
        server.answers["POST /query"] = (503, {"error": {"code": "Unavailable", "message": "The disk is full."}})
        News(client, board).poll()
    assert board.picture(Emitted()).alert == "cannot be read: The disk is full."
