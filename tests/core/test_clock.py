"""Ticks and clocks."""

from __future__ import annotations

from lazulite.core.clock import (
    TICKS_PER_DAY,
    UNIX_EPOCH_TICKS,
    EventClock,
    HeldClock,
    SystemClock,
    from_unix_seconds,
    to_unix_seconds,
)


def test_the_unix_epoch_in_ticks() -> None:
    assert from_unix_seconds(0) == UNIX_EPOCH_TICKS == 621_355_968_000_000_000
    assert to_unix_seconds(UNIX_EPOCH_TICKS + TICKS_PER_DAY) == 86_400.0


def test_an_event_clock_started_elsewhere_runs_on() -> None:
    start = from_unix_seconds(1_509_494_400)
    clock = EventClock(start)
    first, second = clock.now(), clock.now()
    assert start <= first <= second < start + TICKS_PER_DAY


def test_an_event_clock_without_a_start_is_the_real_time() -> None:
    before = SystemClock().now()
    assert before <= EventClock().now() <= SystemClock().now()


def test_a_held_clock_moves_when_told() -> None:
    clock = HeldClock(100)
    clock.advance(1)
    assert clock.now() == 10_000_100
