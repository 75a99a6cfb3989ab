"""The space that writes leave free."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from lazulite.core.disk import DEFAULT_RESERVE, DiskReserve, require_disk
from lazulite.core.errors import Unavailable


def test_a_reserve_counts_on_its_own_disk(tmp_path: Path) -> None:
    assert DiskReserve(size=5).bytes_of(tmp_path) == 5
    assert DiskReserve(fraction=0.5).bytes_of(tmp_path) > 5
    assert DiskReserve(5, 0.5).bytes_of(tmp_path) == 5
    assert DEFAULT_RESERVE.bytes_of(tmp_path) == min(512 << 20, shutil.disk_usage(tmp_path).total // 20)


def test_what_would_reach_into_the_reserve_is_refused_and_says_how_much_is_free(tmp_path: Path) -> None:
    require_disk(tmp_path, reserve=0)
    with pytest.raises(Unavailable, match="kept in reserve") as whole:
        require_disk(tmp_path, reserve=1 << 62)
    assert (whole.value.code, whole.value.retry_after) == ("DiskReserveReached", 10.0)
    with pytest.raises(Unavailable):
        require_disk(tmp_path, reserve=0, size=1 << 62)
