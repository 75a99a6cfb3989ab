"""The agent sends every record until it is acknowledged, under one key a batch, and never grows without bound."""

from __future__ import annotations

import threading
from collections.abc import Sequence

from lazulite.core.ids import CountingIds
from lazulite.demo.emitter import Emitter, Record
from lazulite.server.client import Accepted
from lazulite.server.refusal import Refused, Unreachable

SOON = 0.01
DEADLINE = 20.0


class FakeDoor:
    """Answers with what it was given, in turn, and then accepts; remembers every call."""

    def __init__(self, *answers: Exception) -> None:
        self.answers = list(answers)
        self.calls: list[tuple[str, list[Record], str]] = []

    def __call__(self, category: str, records: Sequence[Record], key: str) -> Accepted:
        self.calls.append((category, list(records), key))
        if self.answers:
            raise self.answers.pop(0)
        return Accepted(len(records), len(self.calls), (), ())


def test_records_are_sent_by_category_in_their_order() -> None:
    door = FakeDoor()
    emitter = Emitter(door, CountingIds(), interval=SOON)
    for number in range(3):
        emitter.put("A", {"n": number})
        emitter.put("B", {"n": number})
    emitter.start()
    counts = emitter.close(DEADLINE)
    assert [(category, [record["n"] for record in records]) for category, records, _ in door.calls] == [
        ("A", [0, 1, 2]),
        ("B", [0, 1, 2]),
    ]
    assert (counts.acknowledged, counts.waiting, counts.dropped) == (6, 0, 0)


def test_a_batch_keeps_its_key_until_it_is_acknowledged() -> None:
    door = FakeDoor(Unreachable("NotRunning", "no server"), Refused(503, "Unavailable", "wait"))
    emitter = Emitter(door, CountingIds(), interval=SOON)
    emitter.put("A", {"n": 1})
    emitter.start()
    counts = emitter.close(DEADLINE)
    assert len(door.calls) == 3
    assert len({key for _, _, key in door.calls}) == 1
    assert counts.acknowledged == 1
    assert counts.trouble == ""


def test_what_the_service_refuses_for_good_is_counted_and_not_sent_for_ever() -> None:
    door = FakeDoor(Refused(400, "NothingValid", "unknown category"))
    emitter = Emitter(door, CountingIds(), interval=SOON)
    emitter.put("Nonsense", {})
    emitter.put("A", {})
    emitter.start()
    counts = emitter.close(DEADLINE)
    assert (counts.rejected, counts.acknowledged) == (1, 1)


def test_the_buffer_is_bounded_and_says_what_it_dropped() -> None:
    emitter = Emitter(FakeDoor(), CountingIds(), capacity=2)
    for number in range(5):
        emitter.put("A", {"n": number})
    counts = emitter.counts()
    assert (counts.waiting, counts.dropped) == (2, 3)


def test_closing_gives_up_after_its_time_and_says_what_is_left() -> None:
    called = threading.Event()

    def silent(category: str, records: Sequence[Record], key: str) -> Accepted:
        called.set()
        raise Unreachable("NotRunning", "no server")

    emitter = Emitter(silent, CountingIds(), interval=SOON)
    emitter.put("A", {})
    emitter.start()
    assert called.wait(DEADLINE)
    counts = emitter.close(0.1)
    assert (counts.waiting, counts.trouble) == (1, "no server")
