"""The plugins of `evaluate`, each a record: one table from the name, and the names that are refused.

record.py    what a plugin is, and how it reads its arguments
template.py  plugins that KQL can say itself
bags.py      bag_unpack
pivoting.py  pivot, narrow
timelines.py ids counted along a timeline
lookups.py   ipv4_lookup, ipv6_lookup
schemas.py   schema_merge
nearby.py    rows_near, dcount_intersect
"""

from collections.abc import Mapping
from typing import Final

from lazulite.kql.binder.plugins import bags, lookups, nearby, pivoting, schemas, timelines
from lazulite.kql.binder.plugins.record import Plugin

PLUGINS: Final[Mapping[str, Plugin]] = {
    plugin.name: plugin for module in (bags, lookups, nearby, pivoting, schemas, timelines) for plugin in module.PLUGINS
}
# Known to Kusto and refused here by name: they reach another system, run foreign code, or follow an algorithm that is
# not published to the last digit.
REFUSED: Final = frozenset(
    [
        "ai_chat_completion",
        "ai_chat_completion_prompt",
        "ai_embed_text",
        "ai_embeddings",
        "autocluster",
        "azure_digital_twins_query_request",
        "cosmosdb_sql_request",
        "csharp",
        "diffpatterns",
        "diffpatterns_text",
        "estimate_rows_count",
        "execute_query",
        "execute_show_command",
        "external_datatable",
        "activity_engagement",
        "funnel_analysis",
        "funnel_sequence",
        "funnel_sequence_completion",
        "http_request",
        "http_request_post",
        "identity",
        "identity_v3",
        "infer_storage_schema",
        "infer_storage_schema_with_suggestions",
        "mysql_request",
        "new_activity_metrics",
        "postgresql_request",
        "python",
        "r",
        "sequence_detect",
        "session_count",
        "sql_request",
    ]
)
__all__ = ["PLUGINS", "REFUSED", "Plugin"]
