"""Scopes: which workspaces a query asks, what its caller may read of them, and at most a hundred."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from lazulite.core.caller import SYSTEM
from lazulite.core.errors import BadRequest, Forbidden, NotFound
from lazulite.core.resource_id import parse
from lazulite.kql import KqlError
from lazulite.logs.answer import LogAnswer
from lazulite.logs.query import LogQuery
from tests.logs.conftest import RG, SUB, LogsRig, at

TABLE = "Spread_CL"
TYPES = {"Place": "string", "TimeGenerated": "datetime", "_ResourceId": "string"}
ML = f"{RG}/providers/microsoft.machinelearningservices/workspaces".lower()


@dataclass(frozen=True)
class Without:
    """May read everything but the scopes whose last part is named."""

    names: frozenset[str]

    def may_read(self, scope: str) -> bool:
        return scope.rsplit("/", 1)[-1].lower() not in self.names

    def require(self, scope: str) -> None:
        if not self.may_read(scope):
            raise Forbidden("AuthorizationFailed", f"no right to {scope}")


def spread(rig: LogsRig, name: str, **features: bool) -> str:
    """A workspace with a row of each of two resources."""
    space = rig.workspace(name, features=features)
    moment = at("2024-06-15T11:00:00Z")
    rig.fill(
        space,
        TABLE,
        [{"Place": name, "TimeGenerated": moment, "_ResourceId": f"{ML}/{one}"} for one in ("one", "two")],
        TYPES,
    )
    return space


def places(answer: LogAnswer) -> list[str]:
    return sorted(answer.tables[0].rows.column("Place").to_pylist())


def test_every_way_to_name_a_workspace(rig: LogsRig) -> None:
    home, other = spread(rig, "home"), spread(rig, "other")
    arm = f"{RG}/providers/Microsoft.OperationalInsights/workspaces/other"
    qualified = f"{SUB.rsplit('/', 1)[-1]}/lazulite/other"
    for name in ("other", "OTHER", other, other.upper(), arm, arm.lower(), qualified):
        for kind in ("workspace", "database"):
            answer = rig.queries.run(LogQuery(f"{kind}('{name}').{TABLE}", (home,)))
            assert places(answer) == ["other", "other"], name
        assert places(rig.queries.run(LogQuery(TABLE, (home, name)))) == ["home", "home", "other", "other"]


def test_a_resource_in_every_workspace(rig: LogsRig) -> None:
    for name in ("cyan", "green", "blue"):
        spread(rig, name)
    query = f"{TABLE} | where _ResourceId endswith 'one'"
    assert places(rig.queries.run(LogQuery(TABLE, resource_id=f"{ML}/one"))) == ["blue", "cyan", "green"]
    assert len(places(rig.queries.run(LogQuery(TABLE, resource_id=RG)))) == 6
    assert len(places(rig.queries.run(LogQuery(TABLE, resource_id=SUB)))) == 6
    assert len(places(rig.queries.run(LogQuery(query, resource_id=SUB)))) == 3
    both = f"union {TABLE}, resource('{ML}/two').{TABLE} | distinct _ResourceId | project Place = _ResourceId"
    assert places(rig.queries.run(LogQuery(both, resource_id=f"{ML}/one"))) == [f"{ML}/one", f"{ML}/two"]


def test_a_resource_that_may_not_be_read_is_refused(rig: LogsRig) -> None:
    spread(rig, "logs")
    rights = Without(frozenset({"one"}))
    with pytest.raises(Forbidden):
        rig.queries.run(LogQuery(TABLE, resource_id=f"{ML}/one"), rights=rights)
    with pytest.raises(KqlError, match="may not be read") as error:
        rig.queries.run(LogQuery(f"resource('{ML}/one').{TABLE}", resource_id=f"{ML}/two"), rights=rights)
    assert error.value.kind == "AccessDenied"


def test_a_workspace_that_may_not_be_read_makes_the_answer_partial(rig: LogsRig) -> None:
    home, locked = spread(rig, "home"), spread(rig, "locked")
    rights = Without(frozenset({"locked"}))
    answer = rig.queries.run(LogQuery(TABLE, (home, locked)), rights=rights)
    assert places(answer) == ["home", "home"]
    (partial,) = answer.partial
    assert (partial.code, partial.limit) == ("InsufficientAccessError", None)
    assert "'locked'" in partial.message


def test_the_workspace_of_the_path_must_be_readable(rig: LogsRig) -> None:
    home, locked = spread(rig, "home"), spread(rig, "locked")
    with pytest.raises(Forbidden):
        rig.queries.run(LogQuery("print 1", (locked, home)), rights=Without(frozenset({"locked"})))


def test_a_workspace_named_in_the_text_must_be_readable(rig: LogsRig) -> None:
    home = spread(rig, "home")
    spread(rig, "locked")
    rights = Without(frozenset({"locked"}))
    with pytest.raises(KqlError, match="may not be read") as error:
        rig.queries.run(LogQuery(f"{TABLE} | union workspace('locked').{TABLE}", (home,)), rights=rights)
    assert (error.value.kind, error.value.token) == ("AccessDenied", "workspace('locked')")
    fuzzy = rig.queries.run(
        LogQuery(f"union isfuzzy=true {TABLE}, workspace('locked').{TABLE}", (home,)), rights=rights
    )
    assert places(fuzzy) == ["home", "home"]
    assert [each.code for each in fuzzy.partial] == ["InsufficientAccessError"]


def test_only_readable_workspaces_are_suggested_and_matched(rig: LogsRig) -> None:
    home = spread(rig, "home")
    spread(rig, "locked")
    rights = Without(frozenset({"locked"}))
    with pytest.raises(KqlError) as error:
        rig.queries.run(LogQuery(f"workspace('lockedd').{TABLE}", (home,)), rights=rights)
    assert error.value.suggestion is None
    answer = rig.queries.run(LogQuery(f"union database('*').{TABLE}", (home,)), rights=rights)
    assert places(answer) == ["home", "home"]


def test_a_workspace_may_ask_for_its_own_right_beside_the_resource(rig: LogsRig) -> None:
    spread(rig, "open")
    spread(rig, "strict", enableLogAccessUsingOnlyResourcePermissions=False)
    query = LogQuery(TABLE, resource_id=f"{ML}/one")
    assert places(rig.queries.run(query)) == ["open", "strict"]
    answer = rig.queries.run(query, rights=Without(frozenset({"open", "strict"})))
    assert places(answer) == ["open"]
    assert ["'strict'" in each.message for each in answer.partial] == [True]


def test_workspace_and_resource_each_in_its_own_kind_of_scope(rig: LogsRig) -> None:
    home = spread(rig, "home")
    with pytest.raises(KqlError, match=r"workspace\(\) in a query of one resource"):
        rig.queries.run(LogQuery(f"workspace('home').{TABLE}", resource_id=f"{ML}/one"))
    with pytest.raises(KqlError, match=r"resource\(\) in a query of workspaces"):
        rig.queries.run(LogQuery(f"resource('{ML}/one').{TABLE}", (home,)))


def test_names_that_are_not_there(rig: LogsRig) -> None:
    home = spread(rig, "home")
    with pytest.raises(KqlError) as error:
        rig.queries.run(LogQuery(f"workspace('hme').{TABLE}", (home,)))
    assert (error.value.code, error.value.suggestion) == ("SEM0100", "home")
    with pytest.raises(NotFound, match="'nowhere'"):
        rig.queries.run(LogQuery(TABLE, (home, "nowhere")))
    with pytest.raises(KqlError, match="not an ARM resource id"):
        rig.queries.run(LogQuery(f"resource('x').{TABLE}", resource_id=RG))


def test_a_name_of_several_is_not_guessed(rig: LogsRig) -> None:
    group = f"{SUB}/resourceGroups/second"
    rig.store.put(parse(group), {"location": "local"}, SYSTEM)
    home = spread(rig, "home")
    rig.workspace("twin")
    rig.workspace("twin", group=group)
    with pytest.raises(KqlError, match="2 workspaces are named 'twin'") as error:
        rig.queries.run(LogQuery(f"workspace('twin').{TABLE}", (home,)))
    assert error.value.token == "workspace('twin')"


def test_a_union_of_a_hundred_workspaces_and_no_more(rig: LogsRig) -> None:
    names = [f"logs-{number:03}" for number in range(101)]
    spaces = [rig.workspace(name) for name in names]
    for number in (0, 50, 99, 100):
        rig.fill(spaces[number], TABLE, [{"Place": names[number], "TimeGenerated": 1}], TYPES)
    hundred = LogQuery(TABLE, tuple(names[:100]))
    assert places(rig.queries.run(hundred)) == ["logs-000", "logs-050", "logs-099"]
    with pytest.raises(BadRequest, match="101 workspaces; at most 100"):
        rig.queries.run(LogQuery(TABLE, tuple(names)))
    legs = [f"workspace('{name}').{TABLE}" for name in names]
    # A catalog table is there in every workspace; this one only where it has had a row.
    text = f"union isfuzzy=true {TABLE}, {', '.join(legs[1:100])}"
    assert places(rig.queries.run(LogQuery(text, (spaces[0],)))) == ["logs-000", "logs-050", "logs-099"]
    with pytest.raises(KqlError, match="more than 100 workspaces") as error:
        rig.queries.run(LogQuery(f"{text}, {legs[100]}", (spaces[0],)))
    assert (error.value.code, error.value.token) == ("LIM0001", "workspace('logs-100')")
