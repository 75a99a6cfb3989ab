"""The index of series: ids, case, holes and forgetting."""

from __future__ import annotations

from lazulite.metrics.points import GROUP_SHIFT
from lazulite.metrics.series import GroupKey, SeriesIndex, SeriesRow

KEY = GroupKey.of("/Subscriptions/S/x", "NS", "Active Nodes")


def row(ordinal: int, dimensions: str, seen: int = 100, group: int = 0) -> SeriesRow:
    return SeriesRow(group << GROUP_SHIFT | ordinal, KEY, "NS", "Active Nodes", dimensions, seen)


def test_a_series_is_found_whatever_the_case_of_its_values() -> None:
    index = SeriesIndex()
    index.add(row(0, '{"A":"One"}', group=3))
    group = index.group(GroupKey.of("/subscriptions/s/X", "ns", "ACTIVE NODES"))
    assert group is not None
    assert group.id_of('{"A":"ONE"}') == 3 << GROUP_SHIFT
    assert group.id_of('{"A":"Two"}') is None
    assert index.next_group == 4


def test_a_known_series_only_moves_its_last_minute() -> None:
    index = SeriesIndex()
    for seen in (100, 300, 200):
        index.add(row(0, "{}", seen))
    group = index.group(KEY)
    assert group is not None
    assert (index.count, group.seen) == (1, [300])


def test_forgotten_series_leave_holes_and_the_others_keep_their_ids() -> None:
    index = SeriesIndex()
    index.add(row(0, '{"A":"old"}', 100))
    index.add(row(2, '{"A":"young"}', 500))
    assert index.forget(200) == 1
    group = index.group(KEY)
    assert group is not None
    assert (index.count, group.id_of('{"A":"old"}'), group.id_of('{"A":"young"}')) == (1, None, 2)


def test_a_series_that_was_seen_again_while_it_was_forgotten_comes_back() -> None:
    index = SeriesIndex()
    index.add(row(0, '{"A":"a"}', 100))
    index.add(row(1, '{"A":"b"}', 900))
    index.forget(200)
    index.add(row(0, '{"A":"a"}', 950))
    group = index.group(KEY)
    assert group is not None
    assert (index.count, group.id_of('{"A":"a"}')) == (2, 0)


def test_a_group_without_series_is_gone() -> None:
    index = SeriesIndex()
    index.add(row(0, "{}", 100))
    assert index.resource_ids("/subscriptions/s/") == ["/subscriptions/s/x"]
    index.forget(200)
    assert (index.group(KEY), index.resource_ids("/subscriptions/")) == (None, [])
