"""The cursor, expiry and counters of the engine as a whole."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from lazulite.core.errors import Conflict, Unavailable
from lazulite.engine import Delivered, Delivery, EngineRefused, Expiry
from tests.engine.conftest import EPOCH, SPACE, Rig, rows_of

ONE = rows_of("T", {"a": "long"}, [(1,)])


def test_the_cursor_starts_at_nothing_and_moves_with_the_rows(rig: Rig) -> None:
    assert rig.engine.delivered() is None
    rig.engine.deliver(Delivery(EPOCH, 41, (ONE,)))
    assert rig.engine.delivered() == Delivered(EPOCH, 41)
    rig.reopen()
    assert rig.engine.delivered() == Delivered(EPOCH, 41)
    assert rig.rows("T | count") == [{"Count": 1}]


def test_a_delivery_without_rows_moves_the_cursor(rig: Rig) -> None:
    rig.engine.deliver(Delivery(EPOCH, 5, ()))
    assert rig.engine.delivered() == Delivered(EPOCH, 5)


@pytest.mark.parametrize(
    "again", [Delivery(EPOCH, 3, (ONE,)), Delivery(EPOCH, 2, (ONE,)), Delivery(EPOCH, 9, (ONE,), after=2)]
)
def test_what_was_delivered_is_not_delivered_again(rig: Rig, again: Delivery) -> None:
    rig.engine.deliver(Delivery(EPOCH, 3, (ONE,)))
    with pytest.raises(Conflict, match="everything up to 3"):
        rig.engine.deliver(again)
    assert rig.rows("T | count") == [{"Count": 1}]


def test_a_foreign_epoch_is_refused_until_it_is_adopted(rig: Rig) -> None:
    rig.engine.deliver(Delivery(EPOCH, 3, (ONE,)))
    with pytest.raises(Conflict, match="not other"):
        rig.engine.deliver(Delivery("other", 4, (ONE,)))
    rig.engine.adopt("other", 10)
    assert rig.engine.delivered() == Delivered("other", 10)
    rig.engine.deliver(Delivery("other", 11, (ONE,), after=10))
    rig.reopen()
    assert rig.engine.delivered() == Delivered("other", 11)


def test_a_gap_on_a_new_store_is_refused(rig: Rig) -> None:
    with pytest.raises(Conflict):
        rig.engine.deliver(Delivery(EPOCH, 9, (ONE,), after=8))


def test_deliveries_from_many_threads_each_count_once(rig: Rig) -> None:
    """One drain is the rule; more of them stay correct, because a delivery that lost its place is refused."""
    rig.engine.adopt(EPOCH)

    def drain(number: int) -> int:
        done = 0
        while done < 5:
            try:
                rig.deliver(rows_of("T", {"a": "long", f"k{number}": "long"}, [(1, number)]))
                done += 1
            except Conflict:
                continue
        return done

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(drain, range(4))) == 20
    assert rig.rows("T | count") == [{"Count": 20}]
    assert rig.engine.delivered() == Delivered(EPOCH, 20)


def test_expiry_counts_from_the_later_of_two_columns(rig: Rig) -> None:
    times = {"n": "long", "TimeGenerated": "datetime", "_TimeReceived": "datetime"}
    rows = [
        (1, 10, 20),  # both before 50
        (2, 10, 90),  # imported late: lives
        (3, 90, 10),
        (4, 50, 50),  # at the bound: lives
        (5, 10, None),  # one unknown: the other decides
        (6, None, None),  # both unknown: never expires
    ]
    rig.deliver(rows_of("T", times, rows))
    assert rig.engine.expire(Expiry(SPACE, "T", ("TimeGenerated", "_TimeReceived"), 50)) == 2
    assert [row["n"] for row in rig.rows("T | order by n asc")] == [2, 3, 4, 6]
    assert rig.engine.expire(Expiry(SPACE, "T", ("TimeGenerated", "_TimeReceived"), 50)) == 0


def test_a_rehearsal_says_what_would_be_refused_and_leaves_nothing(rig: Rig) -> None:
    rig.engine.rehearse(Delivery(EPOCH, 1, (ONE,)))
    with pytest.raises(EngineRefused):
        rig.engine.rehearse(Delivery(EPOCH, 1, (rows_of("T", {"g": "guid"}, [("zz",)]),)))
    assert rig.engine.delivered() is None
    assert rig.engine.schema().tables == {}
    rig.deliver(ONE)
    assert rig.rows("T | count") == [{"Count": 1}]


@pytest.mark.parametrize("columns", [("NoSuchColumn",), ()])
def test_expiry_without_a_time_column_deletes_nothing(rig: Rig, columns: tuple[str, ...]) -> None:
    rig.deliver(rows_of("T", {"a": "long"}, [(1,)]))
    assert rig.engine.expire(Expiry(SPACE, "T", columns, 2**60)) == 0
    assert rig.engine.expire(Expiry(SPACE, "NoSuchTable", ("a",), 2**60)) == 0


def test_the_disk_reserve_stops_writes_but_not_reads(make_rig: type[Rig]) -> None:
    rig = make_rig(disk_reserve_bytes=0)
    rig.deliver(ONE)
    rig.engine.close()
    full = make_rig(disk_reserve_bytes=2**60)
    with pytest.raises(Unavailable, match="kept in reserve") as refused:
        full.deliver(ONE)
    assert refused.value.code == "DiskReserveReached"
    assert full.rows("T | count") == [{"Count": 1}]


def test_the_engine_counts_what_it_does(rig: Rig) -> None:
    rig.deliver(ONE)
    rig.rows("T")
    text = rig.counters.text()
    assert "lazulite_engine_rows_total 1\n" in text
    assert "lazulite_engine_commit_seconds_count 1\n" in text
    assert 'lazulite_engine_query_seconds_count{outcome="complete",slot="query"} 1\n' in text
    gauges = ("wal_bytes", "write_queue_depth", "query_queue_depth", "memory_bytes")
    assert all(f"lazulite_engine_{name} " in text for name in gauges)
    assert rig.counters.value("lazulite_engine_rows_total") == 1
