"""Paths as clients write them: doubled and trailing slashes mean nothing, and case does not count.

Nothing is redirected: clients do not follow with their body.
"""

from __future__ import annotations

import re
from typing import Any

from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send


class SingleSlashes:
    """Middleware: `//v1//workspaces/X/query/` is `/v1/workspaces/X/query` to every route; `raw_path` stays as sent."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            scope["path"] = "/" + "/".join(part for part in scope["path"].split("/") if part)
        await self._app(scope, receive, send)


class AnyCaseRoute(Route):
    """A route whose fixed parts match in any case; what stands for a parameter is kept as written."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.path_regex = re.compile(self.path_regex.pattern, re.IGNORECASE)
