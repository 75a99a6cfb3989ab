"""The records door through the ARM router: bodies in, 202 once durable, every refusal with its reason."""

from __future__ import annotations

import asyncio
import gzip
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from starlette.applications import Starlette
from starlette.requests import Request

from lazulite.core.batch import REJECTED
from lazulite.core.caller import SYSTEM, Caller
from lazulite.core.clock import HeldClock
from lazulite.core.counters import Counters
from lazulite.core.ids import CountingIds
from lazulite.core.resource_id import parse
from lazulite.identity import Access
from lazulite.resources import ResourceStore, own_kinds
from lazulite.routing.intake import Intake, IntakeSettings
from lazulite.routing.records import decode
from lazulite.routing.settings import DiagnosticSettingKind
from lazulite.state.database import Database
from lazulite.wire import records
from lazulite.wire.arm import ArmRouter
from lazulite.wire.errors import exception_handlers
from lazulite.wire.records import MAX_BODY, operations

NOON = 638_000_000_000_000_000
SUBSCRIPTION = "/subscriptions/00000000-0000-0000-0000-00000000000a"
GROUP = f"{SUBSCRIPTION}/resourceGroups/lazulite"
ML = f"{GROUP}/providers/Microsoft.MachineLearningServices/workspaces/demo"
LOGS = f"{GROUP}/providers/Microsoft.OperationalInsights/workspaces/logs"
STRANGER = Caller("oid-2", "app-2", "stranger")


class Door:
    """A service with nothing but resources, intake and the ARM plane; who calls is in a header."""

    def __init__(self, folder: Path, settings: IntakeSettings | None = None) -> None:
        self.database = Database(f"sqlite:///{folder / 'state.db'}")
        self.database.create()
        clock, ids, self.counters = HeldClock(NOON), CountingIds(), Counters()
        kinds = [*own_kinds("tenant", ids), DiagnosticSettingKind(lambda _: "c1")]
        store = ResourceStore(self.database, kinds, clock, ids)
        for resource in (SUBSCRIPTION, GROUP, ML):
            store.put(parse(resource), {"location": "here"}, SYSTEM)
        self.intake = Intake(folder / "intake.db", clock, self.counters, settings)
        access = Access(frozenset())
        handlers = operations(self.intake, store, access, clock, self.counters)
        router = ArmRouter(store, access, self.authenticate, "tenant", handlers)
        self.app = Starlette(routes=router.routes(), exception_handlers=exception_handlers("tenant"))

    async def authenticate(self, request: Request) -> Caller:
        return STRANGER if "stranger" in request.headers else SYSTEM

    def request(self, method: str, path: str, **options: Any) -> httpx.Response:
        async def send() -> httpx.Response:
            transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)
            async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
                return await client.request(method, path, **options)

        return asyncio.run(send())

    def post(
        self, body: Any, category: str | None = "AmlComputeJobEvent", resource: str = ML, **headers: str
    ) -> httpx.Response:
        content = body if isinstance(body, bytes) else msgspec.json.encode(body)
        params = {} if category is None else {"category": category}
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.request(
            "POST", f"{resource}/providers/lazulite/records", content=content, params=params, headers=names
        )

    def close(self) -> None:
        self.intake.close()
        self.database.close()


@pytest.fixture
def door(tmp_path: Path) -> Iterator[Door]:
    made = Door(tmp_path)
    yield made
    made.close()


def code(response: httpx.Response) -> str:
    return str(response.json()["error"]["code"])


def test_records_are_durable_when_answered(door: Door) -> None:
    response = door.post([{"JobName": "a"}, {"JobName": "b", "Foo": 1}])
    assert response.status_code == 202
    assert response.json() == {"accepted": 2, "rejected": [], "rejectedCount": 0, "ignored": ["Foo"], "sequence": 1}
    (stored,) = door.intake.read(0, 10)
    assert (stored.resource_id, stored.door, stored.principal) == (ML.lower(), "records", SYSTEM.client_id)
    assert (stored.received, stored.rows["JobName"].to_pylist()) == (NOON, ["a", "b"])


def test_a_bad_record_among_good_ones_is_named_and_kept_as_rejected(door: Door) -> None:
    response = door.post(b'{"JobName": "a"}\nnonsense\n{"JobName": "b"}')
    assert response.status_code == 202
    assert (response.json()["accepted"], response.json()["rejectedCount"]) == (2, 1)
    assert response.json()["rejected"][0]["index"] == 1
    good, bad = door.intake.read(0, 10)
    assert (good.rows.num_rows, bad.category, bad.rows["Record"].to_pylist()) == (2, REJECTED, ["nonsense"])
    assert response.json()["sequence"] == bad.sequence


def test_when_nothing_is_valid_the_answer_is_400_with_every_reason_and_the_records_are_kept(door: Door) -> None:
    response = door.post([{"time": "never"}, 7])
    assert (response.status_code, code(response)) == (400, "NoValidRecords")
    assert [detail["target"] for detail in response.json()["error"]["details"]] == ["records[0]", "records[1]"]
    (bad,) = door.intake.read(0, 10)
    assert bad.rows["Code"].to_pylist() == ["InvalidValue", "NotAnObject"]


def test_an_empty_list_is_accepted_and_makes_nothing(door: Door) -> None:
    assert door.post([]).json()["sequence"] == 0
    assert door.intake.depth() == 0


@pytest.mark.parametrize("header", ["x_lazulite_batch", "x_ms_client_request_id"])
def test_a_batch_key_answers_a_repeat_as_the_first_time(door: Door, header: str) -> None:
    body = [{"JobName": "a"}, {"time": "never"}]
    first = door.post(body, **{header: "k1"})
    again = door.post(body, **{header: "k1"})
    assert (again.status_code, again.json()) == (202, first.json())
    assert door.intake.depth() == 2


def test_a_key_counts_for_its_body_category_and_resource_alone(door: Door) -> None:
    door.post([{"JobName": "a"}], x_lazulite_batch="k")
    door.post([{"JobName": "b"}], x_lazulite_batch="k")
    door.post([{"ClusterName": "a"}], "AmlComputeClusterEvent", x_lazulite_batch="k")
    door.post([{"JobName": "a"}], resource=f"{ML}/computes/c", x_lazulite_batch="k")
    assert door.intake.depth() == 4


def test_without_a_key_each_sending_counts(door: Door) -> None:
    for _ in range(2):
        door.post([{"JobName": "a"}])
    assert door.intake.depth() == 2


def test_a_key_too_long_is_refused(door: Door) -> None:
    assert code(door.post([{}], x_lazulite_batch="k" * 129)) == "InvalidBatchKey"


def test_compressed_bodies_are_taken(door: Door) -> None:
    assert door.post(gzip.compress(b'{"JobName": "a"}'), content_encoding="gzip").json()["accepted"] == 1


def test_bodies_above_the_limit_are_refused_as_sent_and_as_decompressed(door: Door) -> None:
    large = b" " * (MAX_BODY + 1)
    assert door.post(large).status_code == 413
    assert door.post(gzip.compress(large), content_encoding="gzip").status_code == 413


@pytest.mark.parametrize(
    ("body", "category", "expected", "part"),
    [
        (b"[{}]", "AmlComputeJobEvnt", "UnknownCategory", "Did you mean 'AmlComputeJobEvent'?"),
        (b"[{}]", "RegistryAssetReadEvent", "CategoryNotSupported", "registries"),
        (b"[{}", "RunEvent", "InvalidRequestContent", "array"),
        (b"", "RunEvent", "InvalidRequestContent", "empty"),
    ],
)
def test_a_wrong_request_says_what_is_wrong(door: Door, body: bytes, category: str, expected: str, part: str) -> None:
    response = door.post(body, category)
    assert (response.status_code, code(response)) == (400, expected)
    assert part in response.json()["error"]["message"]


def test_the_resource_must_exist_or_its_ml_workspace_must(door: Door) -> None:
    endpoint = f"{ML}/onlineEndpoints/new"
    assert door.post([{"Message": "m"}], "AmlOnlineEndpointConsoleLog", endpoint).status_code == 202
    point = {"metricName": "CpuUtilizationPercentage", "value": 1}
    assert door.post([point], "AllMetrics", f"{endpoint}/deployments/d").status_code == 202
    missing = door.post([{}], resource=ML + "x")
    assert (missing.status_code, code(missing)) == (404, "ResourceNotFound")


def test_a_subscription_takes_activity_categories(door: Door) -> None:
    assert door.post([{"Caller": "me"}], "Administrative", SUBSCRIPTION).status_code == 202


def test_only_who_may_write_emits(door: Door) -> None:
    assert door.post([{}], stranger="yes").status_code == 403


def test_a_full_intake_asks_to_come_again(tmp_path: Path) -> None:
    door = Door(tmp_path, IntakeSettings(total_bytes=0))
    response = door.post([{"JobName": "a"}])
    assert (response.status_code, code(response), response.headers["retry-after"]) == (429, "IntakeFull", "10")
    door.close()


def test_a_disk_at_its_reserve_answers_503(tmp_path: Path) -> None:
    door = Door(tmp_path, IntakeSettings(disk_reserve_bytes=1 << 62))
    response = door.post([{"JobName": "a"}])
    assert (response.status_code, code(response)) == (503, "DiskReserveReached")
    door.close()


def test_the_categories_of_an_ml_workspace_are_listed_as_azure_does(door: Door) -> None:
    path = f"{ML}/providers/microsoft.insights/diagnosticSettingsCategories"
    version = {"api-version": "2021-05-01-preview"}
    items = door.request("GET", path, params=version).json()["value"]
    assert len(items) == 27
    assert {item["properties"]["categoryType"] for item in items} == {"Logs", "Metrics"}
    one = door.request("GET", f"{path}/runevent", params=version).json()
    assert (one["name"], one["properties"]["categoryGroups"]) == ("RunEvent", ["allLogs", "audit"])
    assert door.request("GET", f"{path}/none", params=version).status_code == 404


def test_a_diagnostic_setting_is_put_200_listed_and_deleted(door: Door) -> None:
    path = f"{ML}/providers/Microsoft.Insights/diagnosticSettings"
    version = {"api-version": "2021-05-01-preview"}
    body = {"properties": {"workspaceId": LOGS, "logs": [{"categoryGroup": "allLogs", "enabled": True}]}}
    assert door.request("PUT", f"{path}/one", params=version, json=body).status_code == 200
    assert [item["name"] for item in door.request("GET", path, params=version).json()["value"]] == ["one"]
    body["properties"]["logs"] = [{"category": "Nope", "enabled": True}]
    assert door.request("PUT", f"{path}/two", params=version, json=body).status_code == 400
    assert door.request("DELETE", f"{path}/one", params=version).status_code == 200
    assert door.request("DELETE", f"{path}/one", params=version).status_code == 204


def test_large_bodies_are_decoded_one_at_a_time(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    """Decoding takes many times a body's own memory, which is not counted with it."""
    busy = threading.Lock()
    overlaps: list[bool] = []

    def decode_alone(*given: Any) -> Any:
        overlaps.append(not busy.acquire(blocking=False))
        try:
            return decode(*given)
        finally:
            if not overlaps[-1]:
                busy.release()

    monkeypatch.setattr(records, "decode", decode_alone)
    large = msgspec.json.encode([{"JobName": f"{number:01000}"} for number in range(2 * records.LARGE_BODY // 1000)])

    async def send() -> list[int]:
        transport = httpx.ASGITransport(door.app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            path = f"{ML}/providers/lazulite/records?category=AmlComputeJobEvent"
            answers = await asyncio.gather(*(client.post(path, content=large) for _ in range(6)))
        return [answer.status_code for answer in answers]

    assert asyncio.run(send()) == [202] * 6
    assert overlaps == [False] * 6
