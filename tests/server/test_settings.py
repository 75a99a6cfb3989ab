"""Settings: where a value comes from, what it may be, and that each one is documented."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import pytest

from lazulite.core.disk import DiskReserve
from lazulite.kql import ticks
from lazulite.server.settings import NOT_SETTINGS, Settings, SettingsError, documented, load, markdown

ROOT = Path(__file__).resolve().parent.parent.parent


def test_the_defaults_are_those_of_the_struct() -> None:
    assert load({}, {}) == Settings()
    assert Settings().host == "127.0.0.1"
    assert (Settings().port, Settings().http_port) == (8443, 8080)


def test_a_flag_wins_over_a_variable_and_that_over_the_file(tmp_path: Path) -> None:
    (tmp_path / "lazulite.toml").write_text('port = 1\nqueries = 2\nhost = "10.0.0.1"\n')
    found = load(
        {"port": 3, "host": None}, {"LAZULITE_PORT": "2", "LAZULITE_QUERIES": "5", "LAZULITE_DATA": str(tmp_path)}
    )
    assert (found.port, found.queries, found.host, found.data) == (3, 5, "10.0.0.1", tmp_path)


def test_memory_is_shared_out() -> None:
    budget = load({}, {"LAZULITE_MEMORY": "1GiB"}).budget
    assert (budget.engine, budget.bodies, budget.results) == (512 << 20, 256 << 20, 256 << 20)


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("memory", "512MiB", 512 << 20),
        ("memory", "1.5 GiB", 3 << 29),
        ("memory", "300000000", 300_000_000),
        ("spill", "20GB", 20 * 10**9),
        ("http_port", "off", None),
        ("http_port", "0", 0),
        ("tls_names", "ml.example, 10.1.2.3", ("ml.example", "10.1.2.3")),
        ("metrics_open", "yes", True),
        ("log_level", "DEBUG", "debug"),
        ("disk_reserve", "5%", DiskReserve(fraction=0.05)),
        ("disk_reserve", "1GiB", DiskReserve(size=1 << 30)),
        ("disk_reserve", "1GiB, 10%", DiskReserve(1 << 30, 0.1)),
        ("clock_start", "2017-12-01T00:00:00Z", ticks.parse_datetime("2017-12-01T00:00:00Z")),
    ],
)
def test_what_a_value_may_be(name: str, text: str, value: object) -> None:
    assert getattr(load({}, {f"LAZULITE_{name.upper()}": text}), name) == value


def test_the_file_may_use_the_types_of_toml(tmp_path: Path) -> None:
    (tmp_path / "lazulite.toml").write_text(
        'clock_start = 2017-12-01T00:00:00Z\ntls_names = ["a", "b"]\nmetrics_open = true\nmemory = "2GiB"\n'
    )
    found = load({"data": tmp_path}, {})
    assert found.clock_start == ticks.parse_datetime("2017-12-01T00:00:00Z")
    assert (found.tls_names, found.metrics_open, found.memory) == (("a", "b"), True, 2 << 30)


@pytest.mark.parametrize(
    ("variable", "text", "message"),
    [
        ("LAZULITE_MEMRY", "1GiB", "LAZULITE_MEMRY is not a setting of lazulite. Did you mean LAZULITE_MEMORY?"),
        ("LAZULITE_MEMORY", "1 elephant", "LAZULITE_MEMORY: '1 elephant' is not a size"),
        ("LAZULITE_MEMORY", "1MiB", "a size from 256MiB to 16TiB"),
        ("LAZULITE_QUERY_SECONDS", "601", "a whole number from 1 to 600"),
        ("LAZULITE_PORT", "70000", "LAZULITE_PORT: '70000' is not a whole number from 0 to 65535."),
        ("LAZULITE_HTTP_PORT", "x", "a port from 0 to 65535, or off"),
        ("LAZULITE_HOST", "a b", "a host name or an IP address"),
        ("LAZULITE_DATA", " ", "a folder's path"),
        ("LAZULITE_METRICS_OPEN", "perhaps", "true or false"),
        ("LAZULITE_LOG_LEVEL", "loud", "one of debug, info, warning, error"),
        ("LAZULITE_DISK_RESERVE", "90%", "a part of the disk such as 5%"),
        ("LAZULITE_DISK_RESERVE", "1GiB,2GiB", "or both with a comma"),
        ("LAZULITE_CLOCK_START", "yesterday", "a date and time such as"),
    ],
)
def test_a_wrong_variable_is_named_with_what_was_expected(variable: str, text: str, message: str) -> None:
    with pytest.raises(SettingsError) as error:
        load({}, {variable: text})
    assert message in error.value.message


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("prot = 1", "prot is not a setting of lazulite. Did you mean "),
        ("zzzzz = 1", "Known are: data, host, port"),
        ("data = 'x'", "give --data instead"),
        ("port = [1]", "is not a whole number"),
        ("[port]\nx = 1", "is not a whole number"),
        ("port = true", "is not a whole number"),
        ("port", "cannot be read"),
    ],
)
def test_a_wrong_file_is_named(tmp_path: Path, content: str, message: str) -> None:
    (tmp_path / "lazulite.toml").write_text(content)
    with pytest.raises(SettingsError) as error:
        load({"data": tmp_path}, {})
    assert message in error.value.message
    assert str(tmp_path / "lazulite.toml") in error.value.message


def test_an_unknown_flag_is_an_error_too() -> None:
    with pytest.raises(SettingsError, match=r"--http-prt is not a setting.*Did you mean --http-port"):
        load({"http_prt": 1}, {})


def test_variables_of_the_tests_are_not_settings() -> None:
    assert load({}, dict.fromkeys(NOT_SETTINGS, "1") | {"PATH": "/bin"}) == Settings()


def test_every_setting_is_documented() -> None:
    docs = {doc.name: doc for doc in documented()}
    assert set(docs) == {item.name for item in fields(Settings)}
    for doc in docs.values():
        assert len(doc.text) > 20, doc.name
        assert doc.text.endswith("."), doc.name


def test_a_documented_default_is_the_true_one() -> None:
    for doc, item in zip(documented(), fields(Settings), strict=True):
        if not doc.default.startswith("("):
            assert item.metadata["read"](doc.default) == item.default, doc.name


def test_the_page_of_settings_is_up_to_date() -> None:
    page = ROOT / "docs" / "settings.md"
    assert page.read_text() == markdown(), "run: python -m lazulite.server.settings > docs/settings.md"


def test_every_setting_is_in_force() -> None:
    """Each is read where the service is put together; `memory` through the budget that it is shared out by."""
    wired = "".join((ROOT / "src/lazulite/server" / name).read_text() for name in ("app.py", "service.py"))
    names = {item.name for item in fields(Settings)} - {"memory"} | {"budget"}
    assert [name for name in sorted(names) if not re.search(rf"\bsettings\.{name}\b", wired)] == []


def test_a_body_that_the_memory_cannot_hold_is_told_at_the_start() -> None:
    with pytest.raises(SettingsError, match="raise memory or lower max_body"):
        load({"memory": "256MiB", "max_body": "64MiB"}, {})
    assert load({"memory": "256MiB", "max_body": "32MiB"}, {}).max_body == 32 << 20
