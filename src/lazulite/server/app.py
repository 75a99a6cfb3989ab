"""The running server: one ASGI application on https and, on loopback, plain http; started, told ready, and stopped.

`serve` returns when SIGTERM or SIGINT has been answered: requests end, the open round is committed, files are closed.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import uvicorn
from starlette.applications import Starlette
from starlette.routing import BaseRoute

from lazulite.logs.budget import ResultBudget
from lazulite.server import connection as connection_file
from lazulite.server import installation, json_log, memory, signals, tls
from lazulite.server.connection import Connection
from lazulite.server.folder import DataFolder
from lazulite.server.protocol import MAX_HEAD, BoundedProtocol, allow_connections
from lazulite.server.service import Service
from lazulite.server.settings import Settings
from lazulite.server.starting import StartError
from lazulite.wire import alerts, health, login, logs, metrics, records
from lazulite.wire.arm import ArmRouter
from lazulite.wire.authentication import Authenticator
from lazulite.wire.bodies import read_body
from lazulite.wire.errors import exception_handlers
from lazulite.wire.log_service import LogServices
from lazulite.wire.middleware import middleware
from lazulite.wire.tracing import request_id

GRACE_SECONDS = 3
BACKLOG = 512
KEEP_ALIVE_SECONDS = 75


def application(service: Service) -> Starlette:
    """Every plane on one application. The ARM plane takes what the others leave, so it stands last."""
    authenticate = Authenticator(service.tokens)
    settings, clocks = service.settings, service.clocks
    checks = health.Health(service.readiness, service.delivered, service.counters, clocks.event, settings.clock_start)
    budget = ResultBudget(settings.budget.results)
    metric_services = metrics.MetricServices(
        service.metric_queries,
        clocks.event,
        service.region,
        service.exists,
        service.access.require,
        service.metric_store.settings.retention_days,
    )
    plane = alerts.AlertsPlane(
        service.alert_store, service.alert_queries, service.resources, service.access, clocks.event
    )
    arm = ArmRouter(
        service.resources,
        service.access,
        authenticate,
        service.tokens.tenant_id,
        [
            *records.operations(
                service.intake,
                service.resources,
                service.access,
                clocks.event,
                service.counters,
                settings.max_body,
            ),
            *metrics.operations(metric_services),
            *alerts.operations(plane),
        ],
    )
    routes: list[BaseRoute] = [
        *health.routes(checks, authenticate, settings.metrics_open),
        *logs.routes(LogServices(service.log_queries, service.access, budget, authenticate, read_body)),
        *metrics.routes(metric_services, authenticate, read_body),
        *login.routes(login.Login(service.principals, service.tokens, clocks.real, clocks.ids)),
        *arm.routes(),
    ]
    return Starlette(
        routes=routes,
        middleware=middleware(clocks.ids, settings.budget.bodies),
        exception_handlers=exception_handlers(service.tokens.tenant_id),
    )


def serve(settings: Settings) -> None:
    """Run until told to stop. Raises LazuliteError when the folder, the ports or the stores cannot be used."""
    memory.share_between_threads()
    json_log.set_up(settings.log_level, request_id=request_id)
    with DataFolder(settings.data) as folder:
        service = Service(settings, folder.paths, _known_secret(settings))
        try:
            with _listening(settings) as sockets:
                service.start()
                try:
                    asyncio.run(_run(service, sockets))
                finally:
                    signals.ignore_signals()
                    service.stop()
        except BaseException:
            service.close()
            raise


def _known_secret(settings: Settings) -> str | None:
    try:
        return connection_file.read(settings.data).client_secret
    except connection_file.ConnectionFileError:
        return None


@dataclass(frozen=True)
class Sockets:
    """Bound before anything else starts, so that a taken port is told at once."""

    https: socket.socket
    http: socket.socket | None


@contextlib.contextmanager
def _listening(settings: Settings) -> Iterator[Sockets]:
    with contextlib.ExitStack() as stack:
        https = stack.enter_context(_bound(settings.host, settings.port, "--port"))
        port = settings.http_port
        http = None if port is None else stack.enter_context(_bound("127.0.0.1", port, "--http-port"))
        yield Sockets(https, http)


def _bound(host: str, port: int, flag: str) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    found = socket.socket(family, socket.SOCK_STREAM)
    found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        found.bind((host, port))
    except OSError as error:
        found.close()
        raise StartError(
            "PortUnavailable",
            f"Cannot listen on {host} port {port}: {error.strerror or error}. Give another with {flag}, or 0 for a"
            " free one.",
        ) from error
    found.listen(BACKLOG)
    return found


async def _run(service: Service, sockets: Sockets) -> None:
    """Serve on both sockets until a signal comes."""
    files = tls.ensure(service.paths, (service.settings.host, *service.settings.tls_names))
    app = application(service)
    allow_connections()
    common = {
        "lifespan": "off",
        "http": BoundedProtocol,
        "ws": "none",
        "h11_max_incomplete_event_size": MAX_HEAD,
        # No proxy stands before this service: who believes X-Forwarded-Proto takes plain http for https, and who
        # believes X-Forwarded-For lets a caller choose the address that wrong secrets are counted for.
        "proxy_headers": False,
        "log_config": None,
        "access_log": False,
        "server_header": False,
        "timeout_graceful_shutdown": GRACE_SECONDS,
        "timeout_keep_alive": KEEP_ALIVE_SECONDS,
    }
    configs = [
        uvicorn.Config(app, ssl_certfile=str(files.certificate), ssl_keyfile=str(files.key), **common)  # type: ignore[arg-type]
    ]
    listening = [sockets.https]
    if sockets.http is not None:
        configs.append(uvicorn.Config(app, **common))  # type: ignore[arg-type]
        listening.append(sockets.http)
    servers = [_Quiet(config) for config in configs]
    signals.stop_on_signals(servers)
    running = [
        asyncio.create_task(server.serve(sockets=[found])) for server, found in zip(servers, listening, strict=True)
    ]
    await _ready(servers, running)
    _tell(service, sockets)
    await asyncio.gather(*running)


class _Quiet(uvicorn.Server):
    """Signals are handled once for both servers, not by each; an idle connection does not hold up the end."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        letting_go = asyncio.create_task(self._let_go())
        await super().shutdown(sockets)
        await letting_go

    async def _let_go(self) -> None:
        """Once nothing is being answered: many clients never answer TLS's goodbye, for which asyncio would wait."""
        if self.server_state.tasks:
            await asyncio.wait(set(self.server_state.tasks))
        for connection in list(self.server_state.connections):
            transport = getattr(connection, "transport", None)
            if transport is not None:
                transport.abort()


async def _ready(servers: Sequence[uvicorn.Server], running: Sequence[asyncio.Task[None]]) -> None:
    while not all(server.started for server in servers):
        for task in running:
            if task.done():
                task.result()
                raise StartError("StartFailed", "A server ended before it was ready; the log says why.")
        await asyncio.sleep(0.01)


def _tell(service: Service, sockets: Sockets) -> None:
    """Write connection.json and print the one line."""
    found = _connection(service, sockets)
    path = connection_file.write(service.paths.folder, found)
    sys.stdout.write(f"lazulite is ready at {found.endpoint} ({path})\n")
    sys.stdout.flush()


def _connection(service: Service, sockets: Sockets) -> Connection:
    host = service.settings.host
    reached = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)  # noqa: S104
    plain = sockets.http
    return Connection(
        endpoint=f"https://{reached}:{sockets.https.getsockname()[1]}",
        http_endpoint=None if plain is None else f"http://127.0.0.1:{plain.getsockname()[1]}",
        ca_file=str(service.paths.ca),
        tenant_id=service.installed.tenant_id,
        client_id=service.client_id,
        client_secret=service.client_secret,
        subscription_id=service.installed.subscription_id,
        resource_group=installation.RESOURCE_GROUP,
        ml_workspace=installation.ML_WORKSPACE,
        log_analytics_workspace=installation.LOG_ANALYTICS,
        log_analytics_customer_id=service.home,
    )
