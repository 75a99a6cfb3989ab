"""Service principals: who can sign in. Kept in the state database with hashed secrets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import BigInteger, Boolean, Column, Connection, Index, Row, String, Table, delete, insert, select, true

from lazulite.core.clock import Clock
from lazulite.core.errors import BadRequest, NotFound, Unauthenticated
from lazulite.core.ids import Ids
from lazulite.identity import secrets
from lazulite.identity.throttle import Throttle
from lazulite.state.database import METADATA, Database

MAX_NAME = 120
MAX_SECRETS = 10

_PRINCIPAL = Table(
    "principal",
    METADATA,
    Column("client_id", String(36), primary_key=True),
    Column("object_id", String(36), nullable=False, unique=True),
    Column("name", String(MAX_NAME), nullable=False),
    Column("administrator", Boolean, nullable=False),
    Column("created", BigInteger, nullable=False),
)
_SECRET = Table(
    "principal_secret",
    METADATA,
    Column("id", String(36), primary_key=True),
    Column("client_id", String(36), nullable=False),
    Column("hash", String(300), nullable=False),
    Column("created", BigInteger, nullable=False),
    Index("principal_secret_by_client", "client_id"),
)


@dataclass(frozen=True)
class Principal:
    """Someone who may sign in: `object_id` names them in access decisions, `client_id` at the door."""

    object_id: str
    client_id: str
    name: str
    administrator: bool = False


class Principals:
    """All principals of one service. `clock` is the real one: it paces wrong tries."""

    def __init__(self, database: Database, clock: Clock, ids: Ids) -> None:
        self._database = database
        self._clock = clock
        self._ids = ids
        self._throttle = Throttle(clock)
        # A try for an unknown client takes as long as one for a known client.
        self._nobody = secrets.hashed(secrets.new_secret())

    def create(self, name: str, *, administrator: bool = False) -> tuple[Principal, str]:
        """A new principal and its first secret, which cannot be read again."""
        if not 0 < len(name) <= MAX_NAME:
            raise BadRequest("InvalidPrincipalName", f"A principal's name has 1 to {MAX_NAME} characters.")
        made = Principal(self._ids.guid(), self._ids.guid(), name, administrator)
        row = {"client_id": made.client_id, "object_id": made.object_id, "name": name, "administrator": administrator}
        secret = secrets.new_secret()
        digest = secrets.hashed(secret)
        with self._database.begin() as connection:
            connection.execute(insert(_PRINCIPAL).values(**row, created=self._clock.now()))
            self._keep(connection, made.client_id, digest)
        return made, secret

    def add_secret(self, client_id: str) -> str:
        """One more secret for a principal, so that an old one can be replaced while both work."""
        known = self._required(client_id)
        secret = secrets.new_secret()
        digest = secrets.hashed(secret)
        with self._database.begin() as connection:
            if len(_hashes(connection, known.client_id)) >= MAX_SECRETS:
                raise BadRequest("TooManySecrets", f"A principal has up to {MAX_SECRETS} secrets. Remove them first.")
            self._keep(connection, known.client_id, digest)
        return secret

    def replace_secrets(self, client_id: str) -> str:
        """A new secret; all earlier ones stop working."""
        known = self._required(client_id)
        secret = secrets.new_secret()
        digest = secrets.hashed(secret)
        with self._database.begin() as connection:
            connection.execute(delete(_SECRET).where(_SECRET.c.client_id == known.client_id))
            self._keep(connection, known.client_id, digest)
        return secret

    def has_secret(self, client_id: str, secret: str) -> bool:
        """Whether the principal can sign in with this secret; not a try to sign in."""
        with self._database.read() as connection:
            return any(secrets.verify(secret, stored) for stored in _hashes(connection, client_id))

    def get(self, client_id: str) -> Principal | None:
        with self._database.read() as connection:
            return _find(connection, client_id)

    def administrators(self) -> frozenset[str]:
        """The object ids of those who may write."""
        query = select(_PRINCIPAL.c.object_id).where(_PRINCIPAL.c.administrator == true())
        with self._database.read() as connection:
            return frozenset(connection.scalars(query))

    def authenticate(self, client_id: str, secret: str, address: str = "") -> Principal:
        """The principal whose secret this is.

        Raises Unauthenticated `AADSTS7000215` for an unknown client and a wrong secret alike, and Throttled after
        too many wrong tries for one client from one address.
        """
        key = f"{client_id.lower()[:100]} {address}"
        self._throttle.check(key)
        with self._database.read() as connection:
            known = _find(connection, client_id)
            hashes = _hashes(connection, known.client_id) if known else [self._nobody]
        if not any(secrets.verify(secret, stored) for stored in hashes) or known is None:
            self._throttle.wrong(key)
            raise Unauthenticated(
                "AADSTS7000215",
                f"Invalid client secret provided for app '{client_id[:100]}', or no such app. Use the value of"
                " client_secret in connection.json.",
            )
        self._throttle.right(key)
        return known

    def _required(self, client_id: str) -> Principal:
        found = self.get(client_id)
        if found is None:
            raise NotFound("PrincipalNotFound", f"There is no principal with client id '{client_id[:100]}'.")
        return found

    def _keep(self, connection: Connection, client_id: str, digest: str) -> None:
        row = {"id": self._ids.guid(), "client_id": client_id, "hash": digest, "created": self._clock.now()}
        connection.execute(insert(_SECRET).values(row))


def _find(connection: Connection, client_id: str) -> Principal | None:
    row = connection.execute(select(_PRINCIPAL).where(_PRINCIPAL.c.client_id == client_id.lower())).first()
    return _principal(row) if row else None


def _principal(row: Row[Any]) -> Principal:
    return Principal(row.object_id, row.client_id, row.name, row.administrator)


def _hashes(connection: Connection, client_id: str) -> list[str]:
    return list(connection.scalars(select(_SECRET.c.hash).where(_SECRET.c.client_id == client_id)))
