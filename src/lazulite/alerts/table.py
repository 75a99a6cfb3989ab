"""The tables of alert state in the state database.

alert           an alert instance: what a list shows, with its context; never rewritten but for state and condition
alert_history   every change of it, in order
alert_open      the fired alert of each (rule, series): what the next evaluation goes on from
alert_rule_run  the last instant a rule was evaluated for, so that a restart does not do it twice
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, String, Table, Text

from lazulite.state.database import METADATA

NAME = String(300)
RESOURCE = String(2048)

ALERT = Table(
    "alert",
    METADATA,
    Column("id", String(36), primary_key=True),
    Column("name", NAME, nullable=False),
    Column("subscription", String(100), nullable=False),
    Column("rule", RESOURCE, nullable=False),
    Column("rule_key", RESOURCE, nullable=False),
    Column("series", Text, nullable=False),
    Column("severity", String(10), nullable=False),
    Column("signal_type", String(20), nullable=False),
    Column("monitor_service", String(50), nullable=False),
    Column("alert_state", String(20), nullable=False),
    Column("monitor_condition", String(20), nullable=False),
    Column("target", RESOURCE, nullable=False),
    Column("target_key", RESOURCE, nullable=False),
    Column("target_name", NAME, nullable=False),
    Column("target_group", NAME, nullable=False),
    Column("target_type", NAME, nullable=False),
    Column("description", Text, nullable=False),
    Column("dimensions", Text, nullable=False),
    Column("context", Text, nullable=False),
    Column("started", BigInteger, nullable=False),
    Column("modified", BigInteger, nullable=False),
    Column("modified_by", NAME, nullable=False),
    Column("resolved", BigInteger, nullable=True),
    Index("alert_by_start", "started", "id"),
    Index("alert_by_rule", "rule_key", "started"),
)

HISTORY = Table(
    "alert_history",
    METADATA,
    Column("number", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("alert_id", String(36), nullable=False, index=True),
    Column("event", String(40), nullable=False),
    Column("old_value", String(100), nullable=False),
    Column("new_value", String(100), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("by", NAME, nullable=False),
    Column("comments", Text, nullable=False),
    Column("description", Text, nullable=False),
)

OPEN = Table(
    "alert_open",
    METADATA,
    Column("rule_key", RESOURCE, primary_key=True),
    Column("series_hash", String(64), primary_key=True),
    Column("alert_id", String(36), nullable=False),
    Column("healthy", Integer, nullable=False),
)

RUN = Table(
    "alert_rule_run",
    METADATA,
    Column("rule_key", RESOURCE, primary_key=True),
    Column("instant", BigInteger, nullable=False),
    Column("error", Text, nullable=False),
)
