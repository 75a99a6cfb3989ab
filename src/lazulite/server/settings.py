"""Every setting of the server in one frozen struct: flags > LAZULITE_* > DIR/lazulite.toml > defaults.

A setting is one field: its default, how its value is read, and the line that documents it. `docs/settings.md` is made
from these (`markdown()`), and a test compares the two. An unknown key anywhere is an error with a suggestion.
"""

from __future__ import annotations

import difflib
import sys
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from lazulite.core.disk import DEFAULT_RESERVE, DiskReserve
from lazulite.core.errors import LazuliteError
from lazulite.server import values
from lazulite.server.values import Reader

FILE = "lazulite.toml"
PREFIX = "LAZULITE_"
# Read by the tests and the benchmarks, and inherited by the servers that these start.
NOT_SETTINGS = frozenset({"LAZULITE_SHARED", "LAZULITE_SEED", "LAZULITE_SERVERS", "LAZULITE_SOAK"})


class SettingsError(LazuliteError):
    """A setting is unknown or its value cannot be used; the message says which, where it stands and what to do."""


@dataclass(frozen=True)
class MemoryBudget:
    """How the `memory` setting is shared out, in bytes."""

    total: int

    @property
    def engine(self) -> int:
        """For DuckDB: half."""
        return self.total // 2

    @property
    def bodies(self) -> int:
        """For request bodies and batches in flight: a quarter; past it requests get 429."""
        return self.total // 4

    @property
    def results(self) -> int:
        """For query results on their way out: a quarter."""
        return self.total // 4


def _setting(default: Any, read: Reader, doc: str, shown: str | None = None) -> Any:
    return field(default=default, metadata={"read": read, "doc": doc, "shown": shown})


@dataclass(frozen=True)
class Settings:
    """What a server runs with. Sizes are bytes, times ticks unless the name says seconds."""

    data: Path = _setting(  # noqa: RUF009 - it returns a field()
        Path("lazulite-data"), values.folder, "Folder of everything that is kept; made at the first start, mode 0700."
    )
    host: str = _setting("127.0.0.1", values.host, "Address that https listens on; 0.0.0.0 for every interface.")
    port: int = _setting(8443, values.whole(0, 65535), "Port of https (every plane); 0 takes a free one.")
    http_port: int | None = _setting(
        8080, values.port_or_off, "Port of plain http on loopback only; 0 takes a free one, `off` closes it."
    )
    tls_names: tuple[str, ...] = _setting(
        (), values.hosts, "More host names and addresses for the server certificate, with commas.", "(none)"
    )
    clock_start: int | None = _setting(
        None, values.instant, "Start the event clock at this instant instead of now, for replays and tests.", "(now)"
    )
    memory: int = _setting(
        1 << 30,
        values.size_between("256MiB", "16TiB"),
        "Memory to stay within: half for DuckDB, a quarter for bodies in flight, a quarter for results.",
        "1GiB",
    )
    threads: int = _setting(0, values.whole(0, 1024), "Threads of DuckDB; 0 is one for each processor.")
    spill: int = _setting(
        10 << 30, values.size_between("0", "1024TiB"), "Most that queries may spill to disk at once.", "10GiB"
    )
    queries: int = _setting(4, values.whole(1, 256), "Queries that run at once; alert rules have a slot of their own.")
    query_queue: int = _setting(64, values.whole(0, 100_000), "Queries that wait for a slot; one more gets 429.")
    query_seconds: int = _setting(
        180, values.whole(1, 600), "Seconds a query may run unless its Prefer header asks for less or more (to 600)."
    )
    disk_reserve: DiskReserve = _setting(  # noqa: RUF009 - it returns a field()
        DEFAULT_RESERVE,
        values.disk_reserve,
        "Free disk space below which nothing more is accepted: a size, a part of the disk, or the lesser of both.",
        "512MiB, 5%",
    )
    max_body: int = _setting(
        10 << 20, values.size_between("64KiB", "256MiB"), "Largest body of records, after decompression.", "10MiB"
    )
    intake: int = _setting(
        8 << 30,
        values.size_between("64MiB", "16TiB"),
        "Most bytes of accepted batches that wait for their tables; past it doors answer 429.",
        "8GiB",
    )
    max_series: int = _setting(
        1_000_000, values.whole(1, 100_000_000), "Most time series of metrics; points of a new one are then rejected."
    )
    metric_days: int = _setting(93, values.whole(1, 3_660), "Days that metric points are kept.")
    log_level: str = _setting(
        "info", values.one_of("debug", "info", "warning", "error"), "Least level that is logged to standard error."
    )
    accept_gap: bool = _setting(
        False, values.boolean, "Start although batches between intake and store are missing.", "false"
    )
    webhook_allow_loopback: bool = _setting(
        True, values.boolean, "Let webhooks of action groups call this machine.", "true"
    )
    webhook_allow_private: bool = _setting(
        True, values.boolean, "Let webhooks of action groups call private networks.", "true"
    )
    metrics_open: bool = _setting(False, values.boolean, "Answer GET /metrics without a token.", "false")

    @property
    def budget(self) -> MemoryBudget:
        return MemoryBudget(self.memory)


@dataclass(frozen=True)
class SettingDoc:
    """One setting as documentation shows it."""

    name: str
    flag: str
    variable: str
    default: str
    text: str


def documented() -> Iterator[SettingDoc]:
    """Every setting in order."""
    for item in fields(Settings):
        shown = item.metadata["shown"] or str(item.default)
        flag = "--" + item.name.replace("_", "-")
        yield SettingDoc(item.name, flag, PREFIX + item.name.upper(), shown, item.metadata["doc"])


def markdown() -> str:
    """The page docs/settings.md."""
    head = (
        "# Settings\n\n"
        "A flag wins over an environment variable, that over `lazulite.toml` in the data folder, that over the\n"
        "default. An unknown key is an error. The file's keys are the names below; `data` cannot stand in it.\n\n"
        "| name | variable | default | what it is for |\n| --- | --- | --- | --- |\n"
    )
    rows = (f"| `{row.name}` | `{row.variable}` | `{row.default}` | {row.text} |" for row in documented())
    return head + "\n".join(rows) + "\n"


def load(flags: Mapping[str, Any], environment: Mapping[str, str]) -> Settings:
    """The settings in force. `flags` are those given (None is not given); raises SettingsError."""
    given = {f"--{name.replace('_', '-')}": (name, value) for name, value in flags.items() if value is not None}
    named = {key: (key.removeprefix(PREFIX).lower(), value) for key, value in _variables(environment)}
    found = _read(named) | _read(given)
    folder = found.get("data", Settings.data)
    settings = Settings(**(_read(_file(folder / FILE)) | found))
    _check_together(settings)
    return settings


def _check_together(settings: Settings) -> None:
    """A body is held as sent and as decompressed: one that the budget cannot hold would get 429 for ever."""
    if 2 * settings.max_body > settings.budget.bodies:
        raise SettingsError(
            "InvalidSetting",
            f"max_body is {settings.max_body} bytes, and twice that is above a quarter of memory"
            f" ({settings.budget.bodies} bytes): raise memory or lower max_body.",
        )


def _variables(environment: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for key, value in sorted(environment.items()):
        if key.startswith(PREFIX) and key not in NOT_SETTINGS:
            yield key, value


def _file(path: Path) -> dict[str, tuple[str, Any]]:
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as wrong:
        raise SettingsError("InvalidSettings", f"{path} cannot be read: {wrong}.") from wrong
    if "data" in content:
        raise SettingsError("InvalidSettings", f"{path}: 'data' is where this file is found; give --data instead.")
    return {f"{path}: {key}": (key, value) for key, value in content.items()}


def _read(given: Mapping[str, tuple[str, Any]]) -> dict[str, Any]:
    """Typed values by name from (name, value) by the place where they were given."""
    known = {item.name: item.metadata["read"] for item in fields(Settings)}
    found = {}
    for place, (name, value) in given.items():
        if name not in known:
            raise SettingsError("UnknownSetting", _unknown(place, name, list(known)))
        try:
            found[name] = known[name](value)
        except ValueError as expected:
            raise SettingsError("InvalidSetting", f"{place}: '{value}' is not {expected}.") from expected
    return found


def _unknown(place: str, name: str, known: list[str]) -> str:
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    if not close:
        return f"{place} is not a setting of lazulite. Known are: {', '.join(known)}."
    return f"{place} is not a setting of lazulite. Did you mean {_written_like(place, name, close[0])}?"


def _written_like(place: str, name: str, other: str) -> str:
    """`other` in the form of its place: a flag, a variable or a key of the file."""
    if place.startswith("--"):
        return "--" + other.replace("_", "-")
    return PREFIX + other.upper() if place.startswith(PREFIX) else place.removesuffix(name) + other


if __name__ == "__main__":
    sys.stdout.write(markdown())
