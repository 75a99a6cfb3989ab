"""The Prometheus page."""

from __future__ import annotations

from lazulite.core.counters import MAX_SERIES, Counters


def test_counts_gauges_and_durations_print_as_prometheus_text() -> None:
    counters = Counters()
    counters.describe("lazulite_records_total", "Records taken.")
    counters.add("lazulite_records_total", 3, category="A")
    counters.add("lazulite_records_total", category='B"\n')
    counters.gauge("lazulite_depth", lambda: 7)
    counters.observe("lazulite_commit_seconds", 0.02)
    lines = counters.text().splitlines()
    assert "# HELP lazulite_records_total Records taken." in lines
    assert 'lazulite_records_total{category="A"} 3' in lines
    assert 'lazulite_records_total{category="B\\"\\n"} 1' in lines
    assert "lazulite_depth 7" in lines
    assert 'lazulite_commit_seconds_bucket{le="0.01"} 0' in lines
    assert 'lazulite_commit_seconds_bucket{le="0.025"} 1' in lines
    assert 'lazulite_commit_seconds_bucket{le="+Inf"} 1' in lines
    assert "lazulite_commit_seconds_count 1" in lines


def test_label_sets_are_bounded() -> None:
    counters = Counters()
    for number in range(MAX_SERIES + 5):
        counters.add("lazulite_x_total", label=str(number))
    assert counters.value("lazulite_x_total", overflow="true") == 5
