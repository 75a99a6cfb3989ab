"""Functions of a row's place among the others: sessions (`stages/windows.py` computes them), and what is near."""

from __future__ import annotations

from typing import Final

from lazulite.kql.functions.record import Function, function, sig

FUNCTIONS: Final[tuple[Function, ...]] = (
    function(
        "row_window_session",
        "The moment at which the row's session began: a session ends when it, or the time since the row before, is too"
        " long, or where the last argument is true.",
        sig("datetime, timespan, timespan -> datetime", None, total=False),
        sig("datetime, timespan, timespan, bool -> datetime", None, total=False),
        null="null for null, and the next row begins a session",
        kind="row window",
        example="range t from datetime(2024-01-01) to datetime(2024-01-02) step 1h"
        " | extend began = row_window_session(t, 6h, 2h)",
    ),
    function(
        "$near",
        "Whether the condition is true in one of so many rows before or after.",
        sig(
            "bool, long!, long! -> bool",
            "coalesce(max(CASE WHEN {0} THEN 1 ELSE 0 END) OVER ({over} ROWS BETWEEN {1} PRECEDING AND {2} FOLLOWING),"
            " 0) = 1",
        ),
        kind="internal",
    ),
)
