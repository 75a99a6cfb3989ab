"""A service with the ARM and login planes and nothing else, in process or on a real socket with TLS."""

from __future__ import annotations

import asyncio
import datetime
import ipaddress
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import uvicorn
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from starlette.applications import Starlette
from starlette.routing import BaseRoute

from lazulite.core.caller import SYSTEM
from lazulite.core.clock import SystemClock
from lazulite.core.ids import RandomIds
from lazulite.core.resource_id import parse
from lazulite.identity import Access, Principals, Tokens
from lazulite.resources import ResourceStore, own_kinds
from lazulite.state.database import Database
from lazulite.wire import login
from lazulite.wire.arm import ArmRouter
from lazulite.wire.authentication import Authenticator
from lazulite.wire.errors import exception_handlers
from lazulite.wire.middleware import middleware
from lazulite.wire.request import Operation

TENANT = "aaaaaaaa-0000-0000-0000-000000000001"
SUBSCRIPTION = "11111111-2222-3333-4444-555555555555"
SUB = f"/subscriptions/{SUBSCRIPTION}"
RG = f"{SUB}/resourceGroups/Group-A"
VERSION = "api-version=2024-01-01"


@dataclass(frozen=True)
class Service:
    """The parts that a test looks at, and the secrets of an administrator and of a reader."""

    app: Starlette
    store: ResourceStore
    principals: Principals
    tokens: Tokens
    client_id: str
    secret: str
    reader_token: str

    def token(self) -> str:
        principal = self.principals.get(self.client_id)
        assert principal is not None
        return self.tokens.issue(principal, "https://management.azure.com/")[0]

    def client(self, token: str | None = None) -> Client:
        return Client(self.app, self.token() if token is None else token)


class Client:
    """Requests through the whole application, in process, with no server."""

    def __init__(self, app: Starlette, token: str) -> None:
        self._app = app
        self._headers = {"authorization": f"Bearer {token}"} if token else {}

    def __call__(self, method: str, path: str, **options: object) -> httpx.Response:
        headers = self._headers | dict(options.pop("headers", {}))  # type: ignore[call-overload]
        return asyncio.run(self._send(method, path, headers, options))

    async def _send(
        self, method: str, path: str, headers: dict[str, str], options: dict[str, object]
    ) -> httpx.Response:
        transport = httpx.ASGITransport(self._app, client=("10.0.0.9", 1234))
        async with httpx.AsyncClient(transport=transport, base_url="https://lazulite.test:8443") as client:
            return await client.request(method, path, headers=headers, **options)  # type: ignore[arg-type]


def make_service(
    folder: Path,
    operations: Sequence[Operation] = (),
    routes: Sequence[BaseRoute] = (),
    body_budget: int = 64 * 1024 * 1024,
    issuer: str = "https://issuer/",
) -> Service:
    clock, ids = SystemClock(), RandomIds()
    database = Database(f"sqlite:///{folder / 'state.db'}")
    database.create()
    store = ResourceStore(database, own_kinds(TENANT, ids), clock, ids)
    store.put(parse(SUB), {"displayName": "tests"}, SYSTEM)
    store.put(parse(RG), {"location": "westeurope"}, SYSTEM)
    principals, tokens = Principals(database, clock, ids), Tokens(folder, clock, TENANT, issuer)
    admin, secret = principals.create("admin", administrator=True)
    reader, _ = principals.create("reader")
    router = ArmRouter(store, Access(principals.administrators()), Authenticator(tokens), TENANT, operations)
    app = Starlette(
        routes=[*routes, *login.routes(login.Login(principals, tokens, clock, ids)), *router.routes()],
        middleware=middleware(ids, body_budget),
        exception_handlers=exception_handlers(TENANT),
    )
    return Service(app, store, principals, tokens, admin.client_id, secret, tokens.issue(reader, "any")[0])


@contextmanager
def served(app: Starlette, folder: Path) -> Iterator[tuple[str, Path]]:
    """The application on https://127.0.0.1:PORT in a thread; yields the address and the CA's file."""
    ca_file, certificate = _certificates(folder)
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(app, ssl_certfile=certificate, ssl_keyfile=certificate, log_level="warning", lifespan="off")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    deadline = time.monotonic() + 10
    while not server.started:
        assert time.monotonic() < deadline, "the server did not start"
        time.sleep(0.01)
    try:
        yield f"https://127.0.0.1:{listener.getsockname()[1]}", ca_file
    finally:
        server.should_exit = True
        thread.join(10)
        listener.close()


def _certificates(folder: Path) -> tuple[Path, Path]:
    """A private CA, and a certificate for 127.0.0.1 with its key."""
    ca_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    ca_name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test CA")])
    ca_id = x509.SubjectKeyIdentifier.from_public_key(ca_key.public_key())
    ca = _builder(ca_name, ca_name, ca_key.public_key()).add_extension(x509.BasicConstraints(True, 0), critical=True)
    ca_made = ca.add_extension(ca_id, critical=False).sign(ca_key, hashes.SHA256())
    address = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    leaf = _builder(name, ca_name, key.public_key()).add_extension(address, critical=False)
    leaf = leaf.add_extension(x509.BasicConstraints(False, None), critical=True)
    leaf = leaf.add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(ca_id), critical=False)
    made = leaf.sign(ca_key, hashes.SHA256())
    ca_file, both = folder / "ca.pem", folder / "server.pem"
    ca_file.write_bytes(ca_made.public_bytes(serialization.Encoding.PEM))
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    both.write_bytes(made.public_bytes(serialization.Encoding.PEM) + private)
    return ca_file, both


def _builder(subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
    now = datetime.datetime.now(datetime.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(minutes=5))
        .not_valid_after(now + datetime.timedelta(days=1))
    )
