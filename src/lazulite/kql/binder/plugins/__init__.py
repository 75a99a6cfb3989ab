"""The plugins of `evaluate`, each a record: one table from the name, and the names that are refused.

record.py    what a plugin is, and how it reads its arguments
template.py  plugins that KQL can say itself
bags.py      bag_unpack
pivoting.py  pivot, narrow
timelines.py ids counted along a timeline
lookups.py   ipv4_lookup, ipv6_lookup
schemas.py   schema_merge
patterns.py  basket
nearby.py    rows_near, dcount_intersect, preview
"""

from collections.abc import Mapping
from typing import Final

from lazulite.kql.binder.plugins import bags, lookups, nearby, patterns, pivoting, schemas, timelines
from lazulite.kql.binder.plugins.record import Plugin

PLUGINS: Final[Mapping[str, Plugin]] = {
    plugin.name: plugin
    for module in (bags, lookups, nearby, patterns, pivoting, schemas, timelines)
    for plugin in module.PLUGINS
}
ELSEWHERE: Final = "it reaches another system"
CODE: Final = "it runs code of the query's author"
UNPUBLISHED: Final = "its algorithm is not published to the last digit"
OPEN: Final = "its documentation leaves open which rows it counts"
INTERNAL: Final = "it is for Kusto's own tools"
# Known to Kusto and refused here by name, with the reason.
REFUSED: Final[Mapping[str, str]] = {
    **dict.fromkeys(
        [
            "ai_chat_completion",
            "ai_chat_completion_prompt",
            "ai_embed_text",
            "ai_embeddings",
            "azure_digital_twins_query_request",
            "cosmosdb_sql_request",
            "execute_query",
            "execute_show_command",
            "external_datatable",
            "http_request",
            "http_request_post",
            "infer_storage_schema",
            "infer_storage_schema_with_suggestions",
            "mysql_request",
            "postgresql_request",
            "sql_request",
        ],
        ELSEWHERE,
    ),
    **dict.fromkeys(["csharp", "python", "r"], CODE),
    **dict.fromkeys(["autocluster", "diffpatterns", "diffpatterns_text", "estimate_rows_count"], UNPUBLISHED),
    **dict.fromkeys(
        [
            "activity_engagement",
            "funnel_analysis",
            "funnel_sequence",
            "funnel_sequence_completion",
            "new_activity_metrics",
            "sequence_detect",
            "session_count",
        ],
        OPEN,
    ),
    **dict.fromkeys(["identity", "identity_v3"], INTERNAL),
}
__all__ = ["PLUGINS", "REFUSED", "Plugin"]
