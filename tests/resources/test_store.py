"""The resource store: any resource by id, in one transaction with its revision and its activity event."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import msgspec
import pytest
from sqlalchemy import update

from lazulite.core.clock import HeldClock
from lazulite.core.errors import BadRequest, Conflict, LazuliteError, NotFound, PreconditionFailed
from lazulite.core.ids import CountingIds
from lazulite.core.resource_id import parse
from lazulite.resources import ResourceStore, own_kinds
from lazulite.resources.kind import Body, Change, Traits, Write
from lazulite.resources.limits import ResourceLimits
from lazulite.resources.table import RESOURCE
from lazulite.state.database import Database
from tests.resources.conftest import ALICE, RG, SUB, at

DASHBOARD = at("Microsoft.Portal/dashboards/One")
WORKSPACE = at("Microsoft.MachineLearningServices/workspaces/ml")


@dataclass
class Recording:
    """A kind that refuses a forbidden colour, adds a default, and remembers what it was told."""

    traits: Traits = field(default_factory=lambda: Traits("Contoso.Paint/walls", ("2024-01-01",)))
    told: list[Change] = field(default_factory=list)
    seen: list[Write] = field(default_factory=list)
    fails: bool = False

    def validate(self, write: Write) -> Body:
        self.seen.append(write)
        if write.body.get("properties", {}).get("color") == "octarine":
            raise BadRequest("UnknownColor", "octarine is not a color", target="properties.color")
        return {**write.body, "properties": {"coats": 1, **write.body.get("properties", {})}}

    def committed(self, change: Change) -> None:
        self.told.append(change)
        if self.fails:
            raise RuntimeError("cache broke")


@pytest.fixture
def walls(store: ResourceStore) -> Recording:
    kind = Recording()
    store.register(kind)
    return kind


WALL = at("Contoso.Paint/walls/north")


def test_a_resource_of_an_unknown_type_is_stored_as_it_is(store: ResourceStore, clock: HeldClock) -> None:
    body = {"location": "westeurope", "tags": {"a": "b"}, "properties": {"lenses": [1, {"x": None}]}, "id": "ignored"}
    made, created = store.put(DASHBOARD, body, ALICE)
    assert created
    assert made == store.require(DASHBOARD)
    assert made.id.text == f"{RG}/providers/Microsoft.Portal/dashboards/One"
    assert made.type == "Microsoft.Portal/dashboards"
    assert made.properties == {"lenses": [1, {"x": None}]}
    assert made.body["tags"] == {"a": "b"}
    assert (made.created, made.changed) == (clock.now(), clock.now())
    assert made.body["systemData"] == {
        "createdBy": "app-alice",
        "createdByType": "Application",
        "lastModifiedBy": "app-alice",
        "lastModifiedByType": "Application",
    }


def test_ids_are_found_in_any_case_and_keep_the_first_one(store: ResourceStore, clock: HeldClock) -> None:
    first, _ = store.put(DASHBOARD, {}, ALICE)
    clock.advance(60)
    again, created = store.put(parse(DASHBOARD.text.upper()), {"tags": {}}, ALICE)
    assert not created
    assert again.id.text == DASHBOARD.text
    assert again.type == "Microsoft.Portal/dashboards"
    assert again.created == first.created < again.changed
    found = store.get(parse(DASHBOARD.key))
    assert found is not None and found.revision == again.revision > first.revision


def test_put_replaces_and_keeps_the_location(store: ResourceStore) -> None:
    store.put(DASHBOARD, {"location": "westeurope", "tags": {"a": "b"}, "properties": {"x": 1}}, ALICE)
    made, _ = store.put(DASHBOARD, {"properties": {"y": 2}}, ALICE)
    assert (made.properties, made.body.get("tags"), made.body["location"]) == ({"y": 2}, None, "westeurope")


def test_patch_merges_tags_and_properties(store: ResourceStore) -> None:
    store.put(DASHBOARD, {"tags": {"a": "1", "b": "2"}, "properties": {"x": {"p": 1, "q": 2}, "l": [1, 2]}}, ALICE)
    made = store.patch(DASHBOARD, {"tags": {"b": None, "c": "3"}, "properties": {"x": {"q": 3}, "l": [9]}}, ALICE)
    assert made.body["tags"] == {"a": "1", "c": "3"}
    assert made.properties == {"x": {"p": 1, "q": 3}, "l": [9]}


def test_a_kind_checks_fills_and_hears(store: ResourceStore, walls: Recording) -> None:
    made, _ = store.put(WALL, {"properties": {"color": "blue"}}, ALICE)
    assert made.properties == {"coats": 1, "color": "blue"}
    store.patch(WALL, {"properties": {"coats": 2}}, ALICE)
    store.delete(WALL, ALICE)
    assert [
        (c.before and c.before.properties["coats"], c.after and c.after.properties["coats"]) for c in walls.told
    ] == [
        (None, 1),
        (1, 2),
        (2, None),
    ]
    assert walls.seen[1].current == made
    assert walls.seen[1].caller == ALICE


def test_a_refused_write_leaves_no_trace(store: ResourceStore, walls: Recording) -> None:
    before = store.revision()
    with pytest.raises(BadRequest, match="UnknownColor"):
        store.put(WALL, {"properties": {"color": "octarine"}}, ALICE)
    assert (store.get(WALL), store.revision(), walls.told) == (None, before, [])
    assert store.pending_events(10) == []


def test_a_kind_sees_its_siblings_under_the_same_parent_only(store: ResourceStore, walls: Recording) -> None:
    other = parse(f"{SUB}/resourceGroups/other")
    store.put(other, {"location": "westeurope"}, ALICE)
    store.put(other.child("providers/Contoso.Paint/walls/far"), {}, ALICE)
    store.put(at("Contoso.Paint/walls/south"), {}, ALICE)
    store.put(WALL, {}, ALICE)
    assert [sibling.id.name for sibling in walls.seen[-1].siblings] == ["south"]


def test_a_kind_that_fails_after_the_commit_is_logged(
    store: ResourceStore, walls: Recording, caplog: pytest.LogCaptureFixture
) -> None:
    walls.fails = True
    store.put(WALL, {}, ALICE)
    assert store.get(WALL) is not None
    assert "Contoso.Paint/walls failed after a commit" in caplog.text


def test_every_change_has_a_revision_of_its_own(store: ResourceStore) -> None:
    seen = [store.revision()]
    for change in (
        lambda: store.put(DASHBOARD, {}, ALICE),
        lambda: store.patch(DASHBOARD, {}, ALICE),
        lambda: store.delete(DASHBOARD, ALICE),
    ):
        change()
        seen.append(store.revision())
    assert seen == sorted(set(seen))
    store.get(DASHBOARD)
    assert store.revision() == seen[-1]


def test_one_change_gives_one_event_with_who_what_and_from_where(store: ResourceStore, clock: HeldClock) -> None:
    store.put(WORKSPACE, {"location": "westeurope"}, ALICE)
    store.delete(WORKSPACE, ALICE)
    made, gone = store.pending_events(10)
    assert made.operation == "Microsoft.MachineLearningServices/workspaces/write"
    assert gone.operation == "Microsoft.MachineLearningServices/workspaces/delete"
    assert (made.status, made.caller, made.resource_id, made.time) == ("Success", "alice", WORKSPACE.text, clock.now())
    record = made.record
    assert record["CallerIpAddress"] == "10.0.0.7"
    assert record["CorrelationId"] == "corr-1"
    assert record["EventDataId"] == made.id != gone.id
    assert record["ResourceGroup"] == "Group-A"
    assert record["Properties_d"]["before"] == ""
    assert record["Properties_d"]["after"] == gone.record["Properties_d"]["before"]
    store.drained([made.id])
    assert store.pending_events(10) == [gone]


def test_put_and_patch_are_both_writes_and_the_event_says_which_was_sent(store: ResourceStore) -> None:
    store.put(WORKSPACE, {"location": "westeurope"}, ALICE)
    store.patch(WORKSPACE, {"tags": {"team": "vision"}}, ALICE)
    store.delete(WORKSPACE, ALICE)
    events = store.pending_events(10)
    assert [event.operation.rsplit("/", 1)[1] for event in events] == ["write", "write", "delete"]
    methods = [msgspec.json.decode(event.record["HTTPRequest"])["method"] for event in events]
    assert methods == ["PUT", "PATCH", "DELETE"]


def test_deleting_a_group_deletes_what_is_in_and_on_it(store: ResourceStore) -> None:
    compute = WORKSPACE.child("computes/cpu")
    setting = WORKSPACE.child("providers/Microsoft.Insights/diagnosticSettings/all")
    outside = parse(f"{SUB}/resourceGroups/Group-A-2")
    for resource_id in (WORKSPACE, compute, setting, outside):
        store.put(resource_id, {"location": "westeurope"}, ALICE)
    store.drained([event.id for event in store.pending_events(10)])

    assert store.delete(parse(RG), ALICE)
    assert [store.get(one) for one in (parse(RG), WORKSPACE, compute, setting)] == [None] * 4
    assert store.get(outside) is not None
    events = store.pending_events(10)
    assert {event.resource_id for event in events} == {RG, WORKSPACE.text, compute.text, setting.text}
    assert events[-1].resource_id == RG
    assert all(event.operation.endswith("/delete") for event in events)


def test_deleting_what_is_not_there_says_so(store: ResourceStore) -> None:
    assert not store.delete(DASHBOARD, ALICE)
    assert store.pending_events(10) == []


MISSING = [
    ("/subscriptions/99999999-0000-0000-0000-000000000000/resourceGroups/g", "SubscriptionNotFound"),
    (f"{SUB}/resourceGroups/nowhere/providers/Microsoft.Portal/dashboards/One", "ResourceGroupNotFound"),
    (f"{RG}/providers/Microsoft.MachineLearningServices/workspaces/none/computes/c", "ParentResourceNotFound"),
    (
        f"{RG}/providers/Contoso.Paint/walls/x/providers/Microsoft.Insights/diagnosticSettings/d",
        "ParentResourceNotFound",
    ),
]


@pytest.mark.parametrize(("text", "code"), MISSING)
def test_what_a_resource_stands_in_must_exist(store: ResourceStore, text: str, code: str) -> None:
    with pytest.raises(NotFound) as caught:
        store.put(parse(text), {"location": "westeurope"}, ALICE)
    assert caught.value.code == code


def test_require_names_the_outermost_thing_that_is_missing(store: ResourceStore) -> None:
    expected = {
        DASHBOARD: "ResourceNotFound",
        parse(f"{SUB}/resourceGroups/nowhere"): "ResourceGroupNotFound",
        parse("/subscriptions/99999999-0000-0000-0000-000000000000"): "SubscriptionNotFound",
    } | {parse(text): code for text, code in MISSING}
    for resource_id, code in expected.items():
        with pytest.raises(NotFound) as caught:
            store.require(resource_id)
        assert caught.value.code == code


def test_a_patch_needs_the_resource(store: ResourceStore) -> None:
    with pytest.raises(NotFound, match="ResourceNotFound"):
        store.patch(DASHBOARD, {}, ALICE)


def test_etags_guard_writes(store: ResourceStore) -> None:
    first, _ = store.put(DASHBOARD, {}, ALICE, if_none_match="*")
    second, _ = store.put(DASHBOARD, {"tags": {}}, ALICE, if_match=f'"{first.etag}"')
    assert second.etag != first.etag
    attempts: list[Callable[[], object]] = [
        lambda: store.put(DASHBOARD, {}, ALICE, if_none_match="*"),
        lambda: store.put(DASHBOARD, {}, ALICE, if_match=first.etag),
        lambda: store.patch(DASHBOARD, {}, ALICE, if_match=f'W/"{first.etag}"'),
        lambda: store.delete(DASHBOARD, ALICE, if_match=first.etag),
        lambda: store.delete(WORKSPACE, ALICE, if_match="*"),
    ]
    for attempt in attempts:
        with pytest.raises(PreconditionFailed):
            attempt()
    assert store.delete(DASHBOARD, ALICE, if_match=f'"x", "{second.etag}"')


def test_a_location_stays(store: ResourceStore) -> None:
    store.put(DASHBOARD, {"location": "West Europe"}, ALICE)
    store.put(DASHBOARD, {"location": "westeurope"}, ALICE)
    with pytest.raises(Conflict, match="InvalidResourceLocation"):
        store.put(DASHBOARD, {"location": "eastus"}, ALICE)


BAD = [
    (DASHBOARD, [], "InvalidRequestContent"),
    (DASHBOARD, {"properties": "x"}, "InvalidRequestContent"),
    (DASHBOARD, {"tags": ["x"]}, "InvalidTags"),
    (DASHBOARD, {"tags": {"a": 1}}, "InvalidTagValueLength"),
    (DASHBOARD, {"tags": {"": "x"}}, "InvalidTagNameLength"),
    (DASHBOARD, {"tags": {str(n): "x" for n in range(51)}}, "TooManyTags"),
    (DASHBOARD, {"properties": {"a": [[[[[]]]]]}}, "InvalidRequestContent"),
    (DASHBOARD, {"properties": {"a": "x" * 5000}}, "RequestTooLarge"),
    (at("Microsoft.Portal/dashboards"), {}, "InvalidResourceId"),
    (at("Microsoft.Portal/dashboards/" + "x" * 261), {}, "InvalidResourceName"),
    (WORKSPACE, {}, "LocationRequired"),
    (at("Microsoft.MachineLearningServices/workspaces/x"), {"location": "westeurope"}, "InvalidResourceName"),
    (DASHBOARD.child("providers/Microsoft.MachineLearningServices/workspaces/ml"), {}, "InvalidResourceType"),
    (parse("/subscriptions/not-a-guid"), {}, "InvalidSubscriptionId"),
]


@pytest.mark.parametrize(("resource_id", "body", "code"), BAD, ids=lambda part: part if isinstance(part, str) else "")
def test_a_bad_write_is_refused_by_name(
    database: Database, clock: HeldClock, store: ResourceStore, resource_id: object, body: Body, code: str
) -> None:
    limits = ResourceLimits(depth=5, body_bytes=4000)
    strict = ResourceStore(database, own_kinds("tenant", CountingIds()), clock, CountingIds(), limits)
    with pytest.raises(LazuliteError) as caught:
        strict.put(resource_id, body, ALICE)  # type: ignore[arg-type]
    assert caught.value.code == code


def test_a_type_has_room_for_so_many_under_one_parent(
    database: Database, clock: HeldClock, store: ResourceStore
) -> None:
    few = ResourceStore(database, (), clock, CountingIds(), ResourceLimits(per_type={"microsoft.portal/dashboards": 1}))
    few.put(DASHBOARD, {}, ALICE)
    few.put(DASHBOARD, {}, ALICE)
    with pytest.raises(Conflict, match="ResourceCountExceedsLimit"):
        few.put(at("Microsoft.Portal/dashboards/Two"), {}, ALICE)


def test_list_finds_a_type_at_any_depth_below_a_scope(store: ResourceStore) -> None:
    store.put(WORKSPACE, {"location": "westeurope"}, ALICE)
    for name in ("b", "a"):
        store.put(WORKSPACE.child(f"providers/microsoft.insights/diagnosticSettings/{name}"), {}, ALICE)
    found = store.list("Microsoft.Insights/diagnosticSettings", parse(SUB))
    assert [resource.id.name for resource in found] == ["a", "b"]
    assert store.list("microsoft.insights/diagnosticsettings", DASHBOARD) == []
    assert len(store.list("Microsoft.Resources/subscriptions")) == 1


def test_a_workspace_keeps_the_guid_it_was_given(store: ResourceStore) -> None:
    first, _ = store.put(WORKSPACE, {"location": "westeurope"}, ALICE)
    again, _ = store.put(WORKSPACE, {"properties": {"workspaceId": "mine", "friendlyName": "ML"}}, ALICE)
    assert again.properties["workspaceId"] == first.properties["workspaceId"] != "mine"
    assert again.properties["provisioningState"] == "Succeeded"


def test_a_revision_cannot_be_given_twice(store: ResourceStore, database: Database) -> None:
    store.put(DASHBOARD, {}, ALICE)
    with pytest.raises(Exception, match=r"UNIQUE|unique"), database.begin() as connection:
        connection.execute(update(RESOURCE).values(revision=1))
