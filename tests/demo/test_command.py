"""The command's own answers, before any server is started."""

from __future__ import annotations

import sys

import pytest

from lazulite import __main__
from lazulite.demo import stock


def test_without_azure_s_clients_once_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(stock, "CLIENTS", {"azure.not_there": "azure-not-there", "lazulite": "lazulite"})
    monkeypatch.setattr(sys, "argv", ["lazulite", "demo", "--once"])
    with pytest.raises(SystemExit) as left:
        __main__.main()
    assert left.value.code == 2
    assert "pip install azure-not-there\n" in capsys.readouterr().err


def test_the_named_clients_are_those_of_the_development_dependencies() -> None:
    assert stock.missing_clients() == []
