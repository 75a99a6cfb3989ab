"""The data folder: private, held by one process, of a known format."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from lazulite.server.folder import FORMAT, DataFolder, FolderError, Paths, Step

HOLD = (
    "import sys; from pathlib import Path; from lazulite.server.folder import DataFolder\n"
    "held = DataFolder(Path(sys.argv[1])); print('held', flush=True); sys.stdin.read()"
)


def test_the_folder_is_made_private(tmp_path: Path) -> None:
    with DataFolder(tmp_path / "a" / "b") as folder:
        assert folder.paths.folder.stat().st_mode & 0o777 == 0o700
        assert folder.paths.tls.stat().st_mode & 0o777 == 0o700
        assert json.loads(folder.paths.format.read_text()) == {
            "format": FORMAT,
            "lazulite": __import__("lazulite").__version__,
            "duckdb": __import__("duckdb").__version__,
        }


def test_a_second_server_is_refused_and_told_who_holds_it(tmp_path: Path) -> None:
    holder = subprocess.Popen([sys.executable, "-c", HOLD, tmp_path], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert holder.stdout is not None
    try:
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(FolderError) as error:
            DataFolder(tmp_path)
        assert error.value.code == "DataFolderInUse"
        assert f"process {holder.pid}" in error.value.message
    finally:
        holder.kill()
        holder.communicate()
    # A killed server leaves its lock file, which holds nobody back.
    with DataFolder(tmp_path) as folder:
        assert folder.paths.lock.read_text().strip() == str(os.getpid())


def test_a_folder_can_be_opened_again_after_closing(tmp_path: Path) -> None:
    for _ in range(2):
        with DataFolder(tmp_path):
            pass


def test_a_newer_format_is_refused_and_left_alone(tmp_path: Path) -> None:
    written = '{"format": 99, "lazulite": "9.0", "duckdb": "9.0"}'
    (tmp_path / "format.json").write_text(written)
    with pytest.raises(FolderError) as error:
        DataFolder(tmp_path)
    assert error.value.code == "DataFolderNewer"
    assert "has format 99" in error.value.message
    assert (tmp_path / "format.json").read_text() == written


def test_an_older_format_is_migrated_step_by_step_and_resumes(tmp_path: Path) -> None:
    (tmp_path / "format.json").write_text('{"format": 1, "lazulite": "0.1", "duckdb": "2.0"}')
    ran: list[int] = []
    broken = True

    def second(paths: Paths) -> None:
        ran.append(2)

    def third(paths: Paths) -> None:
        if broken:
            raise OSError("power cut")
        ran.append(3)

    steps = (Step(3, third), Step(2, second))
    with pytest.raises(OSError, match="power cut"):
        DataFolder(tmp_path, steps, current=3)
    broken = False
    with DataFolder(tmp_path, steps, current=3) as folder:
        assert json.loads(folder.paths.format.read_text())["format"] == 3
    assert ran == [2, 3]


def test_stores_without_a_format_are_not_guessed_at(tmp_path: Path) -> None:
    (tmp_path / "state.db").write_bytes(b"x")
    with pytest.raises(FolderError, match=r"state\.db but no format\.json"):
        DataFolder(tmp_path)


def test_a_broken_format_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "format.json").write_text("{")
    with pytest.raises(FolderError, match=r"format\.json cannot be read"):
        DataFolder(tmp_path)


def test_a_file_in_the_way_is_named(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("")
    with pytest.raises(FolderError, match="cannot be made or opened"):
        DataFolder(tmp_path / "data")


def test_stores_whose_state_is_lost_are_refused(tmp_path: Path) -> None:
    with DataFolder(tmp_path) as folder:
        paths = folder.paths
    paths.intake.write_bytes(b"rows")
    paths.state.touch()
    with pytest.raises(FolderError, match=r"has intake\.db, but state\.db is missing or empty"):
        DataFolder(tmp_path)
    paths.state.write_bytes(b"resources")
    DataFolder(tmp_path).close()
