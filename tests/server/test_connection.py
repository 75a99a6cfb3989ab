"""connection.json: written whole and private, read with errors that say what to start."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from lazulite.server.connection import Connection, ConnectionFileError, read, write

CONNECTION = Connection(
    endpoint="https://127.0.0.1:8443",
    http_endpoint="http://127.0.0.1:8080",
    ca_file="/data/ca.pem",
    tenant_id="t",
    client_id="c",
    client_secret="very secret",
    subscription_id="s",
    resource_group="lazulite",
    ml_workspace="demo",
    log_analytics_workspace="logs",
    log_analytics_customer_id="g",
)


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    write(tmp_path, CONNECTION)
    assert write(tmp_path, CONNECTION).stat().st_mode & 0o777 == 0o600
    assert read(tmp_path) == CONNECTION


def test_the_file_has_the_fields_of_the_design_in_order(tmp_path: Path) -> None:
    assert list(json.loads(write(tmp_path, CONNECTION).read_text())) == [
        "endpoint",
        "http_endpoint",
        "ca_file",
        "tenant_id",
        "client_id",
        "client_secret",
        "subscription_id",
        "resource_group",
        "ml_workspace",
        "log_analytics_workspace",
        "log_analytics_customer_id",
    ]


def test_a_folder_without_a_server_says_how_to_start_one(tmp_path: Path) -> None:
    with pytest.raises(ConnectionFileError, match=f"lazulite serve --data {tmp_path}"):
        read(tmp_path)


@pytest.mark.parametrize("content", ["", "[]", '{"endpoint": 1}'])
def test_a_broken_file_is_named(tmp_path: Path, content: str) -> None:
    (tmp_path / "connection.json").write_text(content)
    with pytest.raises(ConnectionFileError, match=r"connection\.json cannot be read"):
        read(tmp_path)


def test_the_secret_is_not_shown_when_the_connection_is_printed() -> None:
    assert "very secret" not in repr(CONNECTION)
