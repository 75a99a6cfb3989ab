"""Small durable state: one SQLite database with numbered migrations, a durable queue and an outbox."""

from lazulite.state.database import METADATA, Database, Migration
from lazulite.state.outbox import Outbox, OutboxEntry
from lazulite.state.queue import DeadItem, DurableQueue, QueueItem

__all__ = ["METADATA", "Database", "DeadItem", "DurableQueue", "Migration", "Outbox", "OutboxEntry", "QueueItem"]
