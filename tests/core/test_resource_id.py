"""ARM ids: what they mean, and how they compare."""

from __future__ import annotations

import pytest

from lazulite.core.errors import BadRequest
from lazulite.core.resource_id import parse

ML = "/subscriptions/S1/resourceGroups/RG/providers/Microsoft.MachineLearningServices/workspaces/ws"
SETTING = f"{ML}/providers/microsoft.insights/diagnosticSettings/all"


@pytest.mark.parametrize(
    ("text", "type", "name", "parent"),
    [
        ("/subscriptions/S1", "Microsoft.Resources/subscriptions", "S1", None),
        ("/subscriptions/S1/resourcegroups/RG", "Microsoft.Resources/resourceGroups", "RG", "/subscriptions/S1"),
        (ML, "Microsoft.MachineLearningServices/workspaces", "ws", "/subscriptions/S1/resourceGroups/RG"),
        (
            f"{ML}/onlineEndpoints/e/deployments/blue",
            "Microsoft.MachineLearningServices/workspaces/onlineEndpoints/deployments",
            "blue",
            f"{ML}/onlineEndpoints/e",
        ),
        (SETTING, "microsoft.insights/diagnosticSettings", "all", ML),
        (f"{ML}/providers/microsoft.insights/diagnosticSettings", "microsoft.insights/diagnosticSettings", None, ML),
        (f"{ML}/computes", "Microsoft.MachineLearningServices/workspaces/computes", None, ML),
    ],
)
def test_parts(text: str, type: str, name: str | None, parent: str | None) -> None:
    found = parse(text)
    assert found.type == type
    assert found.is_collection == (name is None)
    if name is not None:
        assert found.name == name
    assert (found.parent.text if found.parent else None) == parent


def test_case_is_kept_and_ignored() -> None:
    upper = parse(ML.upper().replace("/SUBSCRIPTIONS", "/subscriptions"))
    assert upper == parse(ML)
    assert hash(upper) == hash(parse(ML))
    assert parse(ML).text == ML


def test_doubled_slashes_collapse() -> None:
    assert parse("/" + ML.replace("/providers", "//providers")).text == ML


@pytest.mark.parametrize(
    "text",
    [
        "",
        "/",
        "nowhere",
        "/subscriptions",
        "/subscriptions/S/wrong/x",
        f"{ML}/providers/only",
        f"{ML}<script>",
        "/subscriptions/" + "x" * 3000,
        "/providers/providers/x",
        "/subscriptions/S/providers/providers/TYPE/NAME",
        f"{ML}/computes/..",
        f"{ML}/computes/.",
        f"{ML}/computes/ ",
        f"{ML}/computes/a ",
        f"{ML}/computes/a\nb",
        f"{ML}/computes/a\u202eb",
        f"{ML}/computes/\ufffd",
        f"{ML}/computes/a\x00",
    ],
)
def test_what_is_no_id(text: str) -> None:
    with pytest.raises(BadRequest) as error:
        parse(text)
    assert error.value.code == "InvalidResourceId"


def test_a_forbidden_character_is_named() -> None:
    with pytest.raises(BadRequest, match=r"characters that none may have: '\\n', '<'"):
        parse(f"{ML}/computes/a<\nb")


def test_names_of_any_script_are_kept() -> None:
    assert parse(f"{ML}/computes/köln \U0001f600.1").name == "köln \U0001f600.1"
