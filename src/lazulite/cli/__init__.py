"""The command line: `lazulite serve`, and questions to a running server found through its connection.json."""

from lazulite.cli.app import app, run

__all__ = ["app", "run"]
