"""Asks the running server what the view tells: a first answer, and the last alert."""

from __future__ import annotations

from collections.abc import Mapping

from lazulite.core.errors import LazuliteError
from lazulite.demo.board import Board
from lazulite.server.client import Client

ALERTS_VERSION = "2019-05-05-preview"
FIRST_QUERY = "AmlComputeJobEvent | summarize Events=count() by EventType | order by Events"
SECONDS = 2.0
NEWEST = {"timeRange": "1d", "pageCount": "1", "sortBy": "startDateTime", "sortOrder": "desc"}


class News:
    """`poll` it at a steady pace; what cannot be asked just now is said on the board instead of the news."""

    def __init__(self, client: Client, board: Board) -> None:
        self._client = client
        self._board = board
        self._answered = False

    def poll(self) -> None:
        try:
            if not self._answered:
                self._ask()
            self._look_for_alerts()
        except LazuliteError as error:
            self._board.say(alert=f"cannot be read: {error.message}")

    def _ask(self) -> None:
        (answer,) = self._client.query(FIRST_QUERY)
        if answer.rows:
            found = ", ".join(f"{event} {count}" for event, count in answer.rows)
            self._board.say(answer=f"{found} (AmlComputeJobEvent by EventType)")
            self._answered = True

    def _look_for_alerts(self) -> None:
        path = f"{self._client.subscription}/providers/Microsoft.AlertsManagement/alerts"
        alerts = self._client.get(path, ALERTS_VERSION, **NEWEST)["value"]
        self._board.say(alert=_told(alerts[0]["properties"]["essentials"]) if alerts else "")


def _told(essentials: Mapping[str, str]) -> str:
    rule = essentials["alertRule"].rsplit("/", 1)[-1]
    return f"{essentials['monitorCondition']} {essentials['severity']} {rule} since {essentials['startDateTime'][:19]}Z"
