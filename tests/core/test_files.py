"""Files that are replaced whole."""

from __future__ import annotations

from pathlib import Path

from lazulite.core.files import write_atomically


def test_a_file_is_replaced_and_private_from_the_start(tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_text("old")
    path.chmod(0o644)
    write_atomically(path, b"new")
    assert path.read_bytes() == b"new"
    assert path.stat().st_mode & 0o777 == 0o600
    assert [each.name for each in tmp_path.iterdir()] == ["key"]


def test_what_a_crash_left_behind_does_not_stand_in_the_way(tmp_path: Path) -> None:
    (tmp_path / ".key.new").write_text("half")
    write_atomically(tmp_path / "key", b"whole")
    assert (tmp_path / "key").read_bytes() == b"whole"
