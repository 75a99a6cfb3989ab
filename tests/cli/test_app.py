"""The commands as a whole: lists, errors, exit status, the flags of serve."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable

import lazulite as package
from lazulite.cli import serve
from lazulite.server import settings
from tests.cli.conftest import Outcome
from tests.cli.fake_server import FakeServer

Command = Callable[..., Outcome]
ALERT = {
    "id": "/subscriptions/sub/providers/Microsoft.AlertsManagement/alerts/a1",
    "properties": {
        "essentials": {
            "severity": "Sev2",
            "monitorCondition": "Fired",
            "alertState": "New",
            "alertRule": "/subscriptions/sub/x/metricAlerts/failed",
            "targetResourceName": "demo",
            "startDateTime": "2026-01-01T00:00:00Z",
        }
    },
}


def test_alerts_are_listed_newest_first(server: FakeServer, lazulite: Command) -> None:
    later = {
        "id": "alerts/a2",
        "properties": {
            "essentials": ALERT["properties"]["essentials"] | {"startDateTime": "2027-01-01T00:00:00.1234567Z"}
        },
    }
    server.answers["GET /alerts"] = (200, {"value": [ALERT, later]})
    lines = lazulite("alerts", "list", "-o", "csv").out.splitlines()
    assert lines[1:] == [
        "2027-01-01T00:00:00Z,Sev2,Fired,New,failed,a2",
        "2026-01-01T00:00:00Z,Sev2,Fired,New,failed,a1",
    ]


def test_a_list_follows_its_pages(server: FakeServer, lazulite: Command) -> None:
    server.answers["GET /alerts"] = (200, {"value": [ALERT], "nextLink": f"{server.connection.endpoint}/more?x=1"})
    server.answers["GET /more"] = (200, {"value": [ALERT]})
    assert len(lazulite("alerts", "list", "-o", "ndjson").out.splitlines()) == 2


def test_an_alert_is_shown_whole(server: FakeServer, lazulite: Command) -> None:
    server.answers["GET /alerts/a1"] = (200, ALERT)
    assert '"monitorCondition": "Fired"' in lazulite("alerts", "show", "a1").out


def test_diagnostic_settings_are_listed(server: FakeServer, lazulite: Command) -> None:
    properties = {
        "workspaceId": "/x/workspaces/logs",
        "logs": [{"categoryGroup": "allLogs", "enabled": True}, {"category": "RunEvent", "enabled": False}],
        "metrics": [{"category": "AllMetrics", "enabled": True}],
    }
    server.answers["GET /diagnosticSettings"] = (200, {"value": [{"name": "all", "properties": properties}]})
    assert lazulite("settings", "list", "-o", "csv").out.splitlines()[1] == "all,allLogs,AllMetrics,logs"


def test_an_expired_token_is_renewed_once(server: FakeServer, lazulite: Command) -> None:
    server.answers["GET /alerts"] = (401, {"error": {"code": "ExpiredToken", "message": "The token has expired."}})
    outcome = lazulite("alerts", "list")
    assert (outcome.status, outcome.err) == (1, "lazulite: The token has expired.\n")
    assert [request.headers["authorization"] for request in server.requests] == ["Bearer token-1", "Bearer token-2"]


def test_an_answer_that_is_not_json_is_said(server: FakeServer, lazulite: Command) -> None:
    server.answers["GET /alerts"] = (200, b"<html>")
    outcome = lazulite("alerts", "list")
    assert outcome.status == 1
    assert "not JSON" in outcome.err


def test_a_wrong_command_line_is_status_2(lazulite: Command) -> None:
    assert lazulite("alerts", "list", "--nonsense").status == 2


def test_version(lazulite: Command) -> None:
    assert lazulite("version").out == lazulite("--version").out == f"lazulite {package.__version__}\n"


def test_every_setting_is_a_flag_of_serve(lazulite: Command) -> None:
    text = lazulite("serve", "--help").out
    assert all(item.flag in text for item in settings.documented())
    assert serve.command().__doc__


def test_python_dash_m_works_and_has_the_demo() -> None:
    shown = subprocess.run([sys.executable, "-m", "lazulite", "--help"], capture_output=True, text=True, check=True)
    assert "demo" in shown.stdout
