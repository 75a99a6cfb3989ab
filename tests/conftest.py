"""Fixtures that every room's tests may use."""

from __future__ import annotations

import os
from pathlib import Path

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
