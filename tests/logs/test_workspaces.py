"""Finding a workspace by everything that names it."""

from __future__ import annotations

import pytest

from lazulite.core.caller import SYSTEM
from lazulite.core.errors import BadRequest, NotFound
from lazulite.core.resource_id import parse
from tests.logs.conftest import RG, SUB, LogsRig

ID = parse(f"{RG}/providers/Microsoft.OperationalInsights/workspaces/logs")


def test_a_workspace_is_found_by_customer_id_name_and_arm_id(rig: LogsRig) -> None:
    customer_id = rig.workspace("logs")
    for text in (customer_id, customer_id.upper(), "logs", "LOGS", ID.text, ID.text.lower() + "/"):
        assert rig.workspaces.require(text).customer_id == customer_id, text


def test_changes_are_seen_at_the_next_look_up(rig: LogsRig) -> None:
    assert rig.workspaces.find("logs") is None
    rig.workspace("logs", retentionInDays=60)
    assert rig.workspaces.require("logs").retention_days == 60
    rig.store.delete(ID, SYSTEM)
    with pytest.raises(NotFound) as error:
        rig.workspaces.require("logs")
    assert error.value.code == "WorkspaceNotFoundError"


def test_a_name_of_two_workspaces_is_not_guessed(rig: LogsRig) -> None:
    other = f"{SUB}/resourceGroups/other"
    rig.store.put(parse(other), {"location": "local"}, SYSTEM)
    rig.workspace("logs")
    rig.workspace("logs", group=other)
    with pytest.raises(BadRequest, match="2 workspaces are named 'logs'"):
        rig.workspaces.find("logs")
    assert rig.workspaces.require(ID.text).id == ID
