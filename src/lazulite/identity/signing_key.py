"""The RSA key that signs tokens: made at first use, kept in the data folder for its owner's eyes only."""

from __future__ import annotations

from pathlib import Path

from joserfc.errors import JoseError
from joserfc.jwk import KeyParameters, RSAKey

from lazulite.core.errors import LazuliteError
from lazulite.core.files import write_atomically

FILE = "token-signing-key.pem"
BITS = 2048
_PARAMETERS: KeyParameters = {"use": "sig", "alg": "RS256"}


class SigningKeyError(LazuliteError):
    """The key file cannot be read; the message names it and says what to do."""


def load(folder: Path) -> RSAKey:
    """The key of a data folder, made there when it is missing. Its id is the thumbprint of RFC 7638."""
    path = folder / FILE
    if not path.exists():
        write_atomically(path, RSAKey.generate_key(BITS, _PARAMETERS).as_pem(private=True))
    path.chmod(0o600)
    try:
        key = RSAKey.import_key(path.read_bytes(), _PARAMETERS)
    except (ValueError, JoseError) as error:
        raise SigningKeyError(
            "SigningKeyUnreadable",
            f"'{path}' holds no RSA private key ({error}). Restore it from a backup, or remove it: a new one is made"
            " at the next start and everybody signs in again.",
        ) from error
    key.ensure_kid()
    return key
