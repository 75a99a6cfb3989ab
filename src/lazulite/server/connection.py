"""DIR/connection.json: how to reach the running server. Written when it is ready, read by the command line."""

from __future__ import annotations

from pathlib import Path

import msgspec

from lazulite.core.errors import LazuliteError
from lazulite.core.files import write_atomically

FILE = "connection.json"


class ConnectionFileError(LazuliteError):
    """There is no usable connection.json; the message says what to start."""


class Connection(msgspec.Struct, frozen=True, omit_defaults=False):
    """Endpoints without a trailing slash, the CA to trust, and the administrator that the first start made."""

    endpoint: str
    http_endpoint: str | None
    ca_file: str
    tenant_id: str
    client_id: str
    client_secret: str
    subscription_id: str
    resource_group: str
    ml_workspace: str
    log_analytics_workspace: str
    log_analytics_customer_id: str

    def __repr__(self) -> str:
        return f"Connection(endpoint={self.endpoint!r}, client_id={self.client_id!r}, client_secret=...)"


def write(folder: Path, connection: Connection) -> Path:
    """Write the file, mode 0600, whole or not at all; returns its path."""
    path = folder / FILE
    write_atomically(path, msgspec.json.format(msgspec.json.encode(connection), indent=2) + b"\n")
    return path


def read(folder: Path) -> Connection:
    """The connection of the server on `folder`; raises ConnectionFileError."""
    path = folder / FILE
    try:
        return msgspec.json.decode(path.read_bytes(), type=Connection)
    except FileNotFoundError as missing:
        raise ConnectionFileError(
            "NotRunning",
            f"There is no {path}: no lazulite has been ready on this folder. Start one with"
            f" `lazulite serve --data {folder}`, or name its folder with --data or LAZULITE_DATA.",
        ) from missing
    except (OSError, msgspec.MsgspecError) as wrong:
        raise ConnectionFileError(
            "InvalidConnection", f"{path} cannot be read: {wrong}. Restart the server."
        ) from wrong
