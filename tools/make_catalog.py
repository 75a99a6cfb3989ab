"""Regenerates src/lazulite/catalog/data/*.json from a folder of reference facts.

    python tools/make_catalog.py ../shared/reference

The packaged files hold what describes a table, a category or a metric to its users. Tables that only lazulite has
stand in `own_tables.json`, by hand.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

DATA = Path(__file__).resolve().parent.parent / "src" / "lazulite" / "catalog" / "data"
STANDARD_EVERYWHERE = (
    ("TenantId", "string"),
    ("TimeGenerated", "datetime"),
    ("Type", "string"),
    ("SourceSystem", "string"),
    ("_ResourceId", "string"),
    ("_SubscriptionId", "string"),
    ("_IsBillable", "string"),
    ("_BilledSize", "real"),
    ("_ItemId", "string"),
    ("_TimeReceived", "datetime"),
)


def tables(reference: Path) -> list[dict[str, Any]]:
    """Every table with its own columns; the standard columns are the same for all and stand apart."""
    standard = {name for name, _ in STANDARD_EVERYWHERE}
    facts = json.loads((reference / "log_tables.json").read_text())["tables"]
    return [
        {
            "name": table["name"],
            "description": table["description"],
            "resource_types": table["resource_types"] if table["name"].startswith("Aml") else [],
            "columns": [[c["name"], c["type"]] for c in table["columns"] if c["name"] not in standard],
        }
        for table in facts
    ]


def categories(reference: Path) -> list[dict[str, Any]]:
    facts = json.loads((reference / "log_categories.json").read_text())["categories"]
    kept = (
        "name",
        "display_name",
        "description",
        "resource_type",
        "table",
        "category_groups",
        "deprecated",
        "chatty",
    )
    return [{key: fact[key] for key in kept} | {"replaced_by": fact.get("replaced_by") or ""} for fact in facts]


def metrics(reference: Path) -> list[dict[str, Any]]:
    facts = json.loads((reference / "metrics.json").read_text())["metrics"]
    kept = (
        "name", "display_name", "description", "resource_type", "metric_namespace", "category", "unit",
        "primary_aggregation", "supported_aggregations", "dimensions", "time_grains",
    )  # fmt: skip
    return [{key: fact[key] for key in kept} for fact in facts]


def activity_categories(reference: Path) -> list[dict[str, Any]]:
    facts = json.loads((reference / "activity_log.json").read_text())["categories"]
    return [{"name": fact["name"], "description": fact["description"]} for fact in facts]


def write(name: str, rows: list[Any]) -> None:
    lines = ",\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
    (DATA / name).write_text(f"[\n{lines}\n]\n", encoding="utf-8")
    print(f"{name}: {len(rows)}")


def main(folder: str) -> None:
    reference = Path(folder)
    DATA.mkdir(parents=True, exist_ok=True)
    write("standard_columns.json", [list(column) for column in STANDARD_EVERYWHERE])
    write("tables.json", tables(reference))
    write("categories.json", categories(reference))
    write("metrics.json", metrics(reference))
    write("activity_categories.json", activity_categories(reference))


if __name__ == "__main__":
    main(sys.argv[1])
