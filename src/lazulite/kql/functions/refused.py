"""Functions of KQL that are not run here, by name, with the reason that the query's author reads."""

from __future__ import annotations

from typing import Final

SHARDS: Final = "it asks where a cluster keeps its data"
IDENTITY: Final = "a query does not know who runs it"
UNPUBLISHED: Final = "its rules are not published"
GRAPHS: Final = "graphs are not part of log queries here"

REFUSED: Final[dict[str, str]] = {
    "geo_info_from_ip_address": "it needs a database of places that is not part of the service",
    "cursor_after": SHARDS,
    "cursor_before_or_at": SHARDS,
    "cursor_current": SHARDS,
    "current_cursor": SHARDS,
    "extent_id": SHARDS,
    "extentid": SHARDS,
    "extent_tags": SHARDS,
    "rowstore_ordinal_range": SHARDS,
    "current_node_id": SHARDS,
    "current_cluster_endpoint": "a query reads one workspace",
    "current_database": "a query reads one workspace",
    "materialized_view": "a query reads tables only",
    "stored_query_result": "a query reads tables only",
    "current_principal": IDENTITY,
    "current_principal_details": IDENTITY,
    "current_principal_is_member_of": IDENTITY,
    "hash_combine": UNPUBLISHED,
    "hash_many": UNPUBLISHED,
    "parse_user_agent": UNPUBLISHED,
    "datetime_to_locale_string": UNPUBLISHED,
    "weekofyear": "its weeks are not those of ISO 8601: week_of_year() gives these",
    **dict.fromkeys(("series_periods_detect", "series_periods_validate"), "how periods are scored is not published"),
    **dict.fromkeys(
        ("series_fit_2lines", "series_fit_2lines_dynamic"),
        "where the lines may meet, and from where they count places, is not published",
    ),
    **dict.fromkeys(("inner_nodes", "node_degree_in", "node_degree_out"), GRAPHS),
}
# Whole families, by how their names begin.
FAMILIES: Final[dict[str, str]] = {
    "geo_": "geospatial functions are not part of log queries here",
    "ai_": "it needs a language model that is not part of the service",
}


def refusal(name: str) -> str | None:
    """Why a function is refused; None for a name that is unknown or runs."""
    if name in REFUSED:
        return REFUSED[name]
    return next((reason for beginning, reason in FAMILIES.items() if name.startswith(beginning)), None)
