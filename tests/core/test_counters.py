"""The Prometheus page."""

from __future__ import annotations

import re
from pathlib import Path

import lazulite
from lazulite.core.counters import MAX_SERIES, Counters
from lazulite.core.measures import MEASURES

NO_MEASURES = {"lazulite_request_id", "lazulite_write"}


def test_counts_gauges_and_durations_print_as_prometheus_text() -> None:
    counters = Counters()
    counters.add("lazulite_drain_records_total", 3, category="A")
    counters.add("lazulite_drain_records_total", category='B"\n')
    counters.gauge("lazulite_depth", lambda: 7)
    counters.observe("lazulite_commit_seconds", 0.02)
    lines = counters.text().splitlines()
    assert "# HELP lazulite_drain_records_total Records taken from the intake to their destinations." in lines
    assert 'lazulite_drain_records_total{category="A"} 3' in lines
    assert 'lazulite_drain_records_total{category="B\\"\\n"} 1' in lines
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


def test_every_measure_of_the_code_has_a_help_text_and_no_other() -> None:
    sources = [path for path in Path(lazulite.__file__).parent.rglob("*.py") if path.name != "measures.py"]
    named = {name for path in sources for name in re.findall(r'"(lazulite_[a-z_]+)"', path.read_text("utf-8"))}
    assert named - NO_MEASURES == set(MEASURES)
