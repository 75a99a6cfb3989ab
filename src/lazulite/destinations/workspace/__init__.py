"""Log Analytics workspaces as destination: batches -> rows of log tables with the standard columns filled."""

from lazulite.destinations.workspace.encoder import WorkspaceEncoder
from lazulite.destinations.workspace.settings import WorkspaceSettings

__all__ = ["WorkspaceEncoder", "WorkspaceSettings"]
