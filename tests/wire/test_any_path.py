"""Paths of the data planes in the ways that clients write them."""

from __future__ import annotations

import asyncio

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from lazulite.core.ids import RandomIds
from lazulite.wire.any_path import AnyCaseRoute
from lazulite.wire.middleware import middleware


async def workspace(request: Request) -> Response:
    return PlainTextResponse(request.path_params["workspace"])


ROUTES = [
    AnyCaseRoute("/v1/workspaces/{workspace}/query", workspace, methods=["POST"]),
    AnyCaseRoute("/subscriptions/{workspace}/metrics:getBatch", workspace, methods=["POST"]),
]
APP = Starlette(routes=ROUTES, middleware=middleware(RandomIds(), 1_000_000))


def post(path: str) -> httpx.Response:
    async def send() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(APP)) as client:
            return await client.post(f"https://lazulite.test{path}")

    return asyncio.run(send())


@pytest.mark.parametrize(
    "path",
    [
        "/v1/workspaces/Logs/query",
        "//v1/workspaces/Logs/query",
        "/v1//workspaces//Logs//query",
        "/v1/workspaces/Logs/query/",
        "/V1/Workspaces/Logs/Query",
        "/subscriptions/Logs/metrics:getBatch",
        "//Subscriptions/Logs/metrics:getbatch",
    ],
)
def test_slashes_and_case_do_not_matter_and_nothing_is_redirected(path: str) -> None:
    answer = post(path)
    assert (answer.status_code, answer.text) == (200, "Logs")
