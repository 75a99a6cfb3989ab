"""Secrets of principals: made here, shown once, kept as scrypt hashes."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import threading

N, R, P = 2**14, 8, 1
SALT_BYTES = 16
HASH_BYTES = 32
MAX_SECRET = 1_024
_SCHEME = "scrypt"

# scrypt takes 16 MiB and some 50 ms a time: more at once would let wrong guesses crowd out everything else.
_SLOTS = threading.BoundedSemaphore(2)


def new_secret() -> str:
    """256 random bits as URL-safe text."""
    return secrets.token_urlsafe(32)


def hashed(secret: str) -> str:
    """`scrypt$n$r$p$salt$hash`, base64 inside: old hashes stay readable when the cost is raised."""
    salt = secrets.token_bytes(SALT_BYTES)
    parts = (_SCHEME, N, R, P, _text(salt), _text(_scrypt(secret, salt, N, R, P)))
    return "$".join(str(part) for part in parts)


def verify(secret: str, stored: str) -> bool:
    """Compare in a time that does not depend on where the two differ."""
    _, n, r, p, salt, expected = stored.split("$")
    found = _scrypt(secret[:MAX_SECRET], base64.b64decode(salt), int(n), int(r), int(p))
    return hmac.compare_digest(found, base64.b64decode(expected)) and len(secret) <= MAX_SECRET


def _scrypt(secret: str, salt: bytes, n: int, r: int, p: int) -> bytes:
    with _SLOTS:
        return hashlib.scrypt(
            secret.encode("utf-8", "surrogatepass"), salt=salt, n=n, r=r, p=p, maxmem=64 * 1024 * 1024, dklen=HASH_BYTES
        )


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()
