"""Where the drain goes on: the engine's cursor held against what the intake has.

They belong together when the epochs are equal and no batch is missing between them. A restored backup of one of the two
breaks that, and only an operator can say that what is missing may stay missing.
"""

from __future__ import annotations

from lazulite.core.errors import Conflict
from lazulite.engine import Delivered, Engine
from lazulite.routing.intake import Intake


def place(intake: Intake, engine: Engine, accept_gap: bool) -> int:
    """Where to go on reading. A new store follows the intake from its start.

    Raises Conflict when batches between the engine's cursor and the intake are missing, unless that is accepted.
    """
    cursor = engine.delivered()
    missing = _missing(intake, cursor)
    if missing and not accept_gap:
        raise Conflict(
            "IntakeGap",
            f"{missing} To go on without what is missing: lazulite serve --accept-gap true.",
            target="intake.db",
        )
    if cursor is not None and cursor.epoch == intake.epoch and cursor.through > intake.last_sequence():
        # An older copy: what it holds is in the store, and the sequences it gave after the copy are used up.
        intake.go_on_after(cursor.through)
        return cursor.through
    if cursor is None or missing:
        through = intake.oldest_sequence() - 1
        engine.adopt(intake.epoch, through)
        return through
    return cursor.through


def _missing(intake: Intake, cursor: Delivered | None) -> str:
    oldest, last = intake.oldest_sequence(), intake.last_sequence()
    through = 0 if cursor is None else cursor.through
    if cursor is not None and cursor.epoch != intake.epoch:
        return f"The store was filled from another intake ({cursor.epoch}, up to {through}) than this ({intake.epoch})."
    if through > last:
        return f"The store has batches up to {through}, the intake only gave up to {last}: it is an older copy."
    if oldest > through + 1:
        return f"Batches {through + 1} to {oldest - 1} are neither in the store nor in the intake."
    return ""
