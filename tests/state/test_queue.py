"""The durable queue: work is done at least once, whatever happens in between."""

from __future__ import annotations

import pytest

from lazulite.core.clock import TICKS_PER_SECOND, HeldClock
from lazulite.core.errors import Throttled, TooLarge
from lazulite.state.database import Database
from lazulite.state.queue import MAX_ERROR, MAX_PAYLOAD, DeadItem, DurableQueue, QueueItem

START = 638_000_000_000_000_000


@pytest.fixture
def clock() -> HeldClock:
    return HeldClock(START)


@pytest.fixture
def queue(database: Database, clock: HeldClock) -> DurableQueue:
    return DurableQueue(database, "notifications", clock, lease_seconds=60)


def test_work_is_taken_once_and_gone_when_done(queue: DurableQueue) -> None:
    item_id = queue.put({"to": "http://hook"})
    assert queue.take(10) == [QueueItem(item_id, {"to": "http://hook"}, attempts=1, due=START)]
    assert queue.take(10) == []
    assert queue.depth() == 1
    queue.done(item_id)
    assert queue.depth() == 0


def test_work_waits_until_it_is_due_and_the_longest_due_is_first(queue: DurableQueue, clock: HeldClock) -> None:
    later = queue.put({"n": 1}, due=START + 5 * TICKS_PER_SECOND)
    sooner = queue.put({"n": 2}, due=START + 2 * TICKS_PER_SECOND)
    assert queue.take(10) == []
    clock.advance(5)
    assert [item.id for item in queue.take(1)] == [sooner]
    assert [item.id for item in queue.take(1)] == [later]


def test_a_lease_survives_a_crash_by_running_out(
    queue: DurableQueue, database: Database, clock: HeldClock, url: str
) -> None:
    queue.put({})
    queue.take(1)
    database.close()

    restarted = DurableQueue(Database(url), "notifications", clock, lease_seconds=60)
    clock.advance(59)
    assert restarted.take(1) == []
    clock.advance(1)
    assert [item.attempts for item in restarted.take(1)] == [2]


def test_a_retry_comes_back_when_it_is_due_with_its_attempts_counted(queue: DurableQueue, clock: HeldClock) -> None:
    item_id = queue.put({})
    queue.take(1)
    queue.retry(item_id, START + 10 * TICKS_PER_SECOND, "503 from hook")
    assert queue.take(1) == []
    clock.advance(10)
    assert [(item.id, item.attempts) for item in queue.take(1)] == [(item_id, 2)]


def test_a_dead_letter_keeps_its_last_error_and_can_be_revived(queue: DurableQueue) -> None:
    item_id = queue.put({"n": 1})
    queue.take(1)
    queue.bury(item_id, "410 Gone" + "!" * MAX_ERROR)
    assert queue.depth() == 0
    assert queue.take(1) == []
    assert queue.dead() == [DeadItem(item_id, {"n": 1}, 1, ("410 Gone" + "!" * MAX_ERROR)[:MAX_ERROR])]
    queue.revive(item_id)
    assert [item.attempts for item in queue.take(1)] == [1]


def test_dead_letters_are_bounded(queue: DurableQueue, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lazulite.state.queue.MAX_DEAD", 2)
    ids = [queue.put({"n": n}) for n in range(4)]
    for item_id in ids:
        queue.bury(item_id, "gone")
    assert [item.id for item in queue.dead()] == ids[:1:-1]


def test_work_put_in_a_transaction_exists_only_if_that_holds(queue: DurableQueue, database: Database) -> None:
    with pytest.raises(ZeroDivisionError), database.begin() as connection:
        queue.put({}, connection=connection)
        raise ZeroDivisionError
    assert queue.depth() == 0
    with database.begin() as connection:
        queue.put({}, connection=connection)
    assert queue.depth() == 1


def test_queues_of_other_names_are_apart(queue: DurableQueue, database: Database, clock: HeldClock) -> None:
    item_id = queue.put({})
    other = DurableQueue(database, "exports", clock)
    assert other.take(10) == []
    other.done(item_id)
    assert queue.depth() == 1


def test_an_id_is_never_given_twice(queue: DurableQueue) -> None:
    first = queue.put({})
    queue.done(first)
    assert queue.put({}) > first


def test_a_full_queue_says_so(database: Database, clock: HeldClock) -> None:
    small = DurableQueue(database, "small", clock, max_depth=1)
    small.put({})
    with pytest.raises(Throttled, match="QueueFull: Queue 'small' holds 1 items"):
        small.put({})


def test_an_item_has_a_limit(queue: DurableQueue) -> None:
    with pytest.raises(TooLarge, match="QueueItemTooLarge"):
        queue.put({"text": "x" * MAX_PAYLOAD})
