"""The drain over DuckDB itself: what a query finds, and what a rehearsal leaves behind (nothing)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pytest

from lazulite import kql
from lazulite.core.batch import Batch, Emission
from lazulite.core.resource_id import parse
from lazulite.engine import Append, Delivery, EngineRefused
from lazulite.routing.records import decode
from lazulite.routing.rejected import RejectedRecord, rejected_batch
from tests.routing.emitting_process import NOON, Chain
from tests.routing.stored_tables import StoredTables
from tests.routing.test_settings import ML


@pytest.fixture
def chain(tmp_path: Path) -> Iterator[Chain]:
    made = Chain.over(tmp_path)
    yield made
    made.close()


def ask(chain: Chain, query: str, space: str = "c-logs") -> list[dict[str, Any]]:
    def plan(schema: Any, _: object) -> kql.Compiled:
        return kql.compile(query, StoredTables(schema, space), kql.Options(now=NOON))

    rows: list[dict[str, Any]] = chain.engine.query(plan).rows.to_pylist()
    return rows


def send(chain: Chain, *batches: Batch) -> None:
    sequence = chain.intake.emit(Emission(batches, NOON, "me", "records")).result().sequence
    assert chain.drain.wait(sequence, 30)


def batches(category: str, *records: Any) -> tuple[Batch, ...]:
    return decode(msgspec.json.encode(records), parse(ML), category, NOON).batches


def test_typed_columns_come_back_as_they_were_sent(chain: Chain) -> None:
    send(chain, *batches("AmlComputeClusterEvent", {"ClusterName": "c", "CoreCount": "8"}, {"ClusterName": "d"}))
    rows = ask(
        chain, "AmlComputeClusterEvent | order by ClusterName asc | project ClusterName, CoreCount, TenantId, Type"
    )
    assert rows == [
        {"ClusterName": "c", "CoreCount": 8, "TenantId": "c-logs", "Type": "AmlComputeClusterEvent"},
        {"ClusterName": "d", "CoreCount": None, "TenantId": "c-logs", "Type": "AmlComputeClusterEvent"},
    ]


def test_dynamic_columns_can_be_looked_into(chain: Chain) -> None:
    send(
        chain,
        *batches("RunEvent", {"RunId": "r", "Identity": {"user": {"name": "ann"}}}, {"RunId": "s", "Identity": "x"}),
    )
    assert ask(chain, "AmlRunEvent | project RunId, who = tostring(Identity.user.name) | order by RunId asc") == [
        {"RunId": "r", "who": "ann"},
        {"RunId": "s", "who": ""},
    ]


def test_rejected_records_are_found_in_the_home_workspace(chain: Chain) -> None:
    record = RejectedRecord(4, "InvalidValue", "why", '{"a":1}', "RunEvent")
    send(chain, rejected_batch(ML.lower(), [record], "records", "me", NOON))
    (row,) = ask(chain, "LazuliteRejected | project Category, Code, Message, RecordIndex, Record, Sequence", "c-home")
    assert row == {
        "Category": "RunEvent",
        "Code": "InvalidValue",
        "Message": "why",
        "RecordIndex": 4,
        "Record": '{"a":1}',
        "Sequence": 1,
    }


def test_rows_that_the_engine_cannot_hold_are_set_aside_and_the_others_stored(chain: Chain) -> None:
    """No door lets such text through; a batch written by an older version might have it."""
    (good,) = batches("AmlComputeClusterEvent", {"ClusterName": "a"}, {"ClusterName": "b"}, {"ClusterName": "c"})
    odd = good.rows.append_column("CoreCount", pa.array(["1", "many", "3"]))
    send(chain, replace(good, rows=odd))
    rows = ask(chain, "AmlComputeClusterEvent | project ClusterName, CoreCount | order by ClusterName asc")
    assert rows == [{"ClusterName": "a", "CoreCount": 1}, {"ClusterName": "c", "CoreCount": 3}]
    (rejected,) = ask(chain, "LazuliteRejected | project RecordIndex, Code", "c-home")
    assert rejected == {"RecordIndex": 1, "Code": "RowsRefused"}


def test_each_row_set_aside_is_kept_with_its_own_reason(chain: Chain) -> None:
    """The records door lets no such value in; another way into the intake may not look."""
    identities = ["{}", "[" * 300 + "]" * 300, f'"{"x" * (1 << 20)}"']
    rows = {"TimeGenerated": pa.array([NOON] * 3, pa.int64()), "RunId": ["good", "", ""], "Identity": identities}
    send(chain, Batch(ML.lower(), "RunEvent", pa.table(rows)))
    assert ask(chain, "AmlRunEvent | project RunId") == [{"RunId": "good"}]
    rejected = ask(chain, "LazuliteRejected | project RecordIndex, Message | order by RecordIndex asc", "c-home")
    assert [(row["RecordIndex"], row["Message"].split(" has more than ")[1]) for row in rejected] == [
        (1, "200 levels; send it in parts."),
        (2, "1048576 bytes; send it in parts."),
    ]


def test_a_rehearsal_leaves_nothing_behind(chain: Chain) -> None:
    append = Append("c-logs", "Heartbeat", (kql.Column("Computer", "string"),), pa.table({"Computer": ["a"]}))
    before = chain.engine.schema(), chain.engine.delivered()
    chain.engine.rehearse(Delivery(chain.intake.epoch, 1, (append,)))
    with pytest.raises(EngineRefused):
        chain.engine.rehearse(Delivery(chain.intake.epoch, 1, (replace(append, columns=()),)))
    assert (chain.engine.schema(), chain.engine.delivered()) == before
