"""Fixtures that every room's tests may use."""

from __future__ import annotations

import os
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent


def shared_folder() -> Path | None:
    """Reference facts, the KQL corpus and real traces, where this checkout has them beside it."""
    folder = Path(os.environ.get("LAZULITE_SHARED", ROOT.parent / "shared"))
    return folder if folder.is_dir() else None


@pytest.fixture(scope="session")
def shared() -> Path:
    folder = shared_folder()
    if folder is None:
        pytest.skip("SKIPPED LOUDLY: no shared folder (set LAZULITE_SHARED): real traces and the corpus are not here")
    return folder


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """With LAZULITE_SERVERS=required a test marked `server` that skips for want of its server has failed."""
    report = yield
    required = os.environ.get("LAZULITE_SERVERS") == "required"
    if required and report.skipped and item.get_closest_marker("server") is not None:
        reason: Any = report.longrepr
        report.outcome = "failed"
        report.longrepr = f"a server is required here: {reason[-1] if isinstance(reason, tuple) else reason}"
    return report
