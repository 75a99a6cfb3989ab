"""Tokens are signed here, hold for an hour, and name their caller."""

from __future__ import annotations

import base64
import hmac
import json
from pathlib import Path

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey

from lazulite.core.clock import HeldClock
from lazulite.core.errors import BadRequest, Unauthenticated
from lazulite.identity import Principal, Tokens
from lazulite.identity.signing_key import FILE, SigningKeyError

ISSUER = "https://127.0.0.1:8443/tenant-1/"
ADMIN = Principal("oid-1", "app-1", "admin", administrator=True)


@pytest.fixture
def tokens(tmp_path: Path, clock: HeldClock) -> Tokens:
    return Tokens(tmp_path, clock, "tenant-1", ISSUER)


def test_a_token_names_its_caller_for_any_audience(tokens: Tokens) -> None:
    for audience in ("https://management.azure.com/", "https://api.loganalytics.io", "anything"):
        token, seconds = tokens.issue(ADMIN, audience)
        caller = tokens.verify(token)
        assert (caller.principal_id, caller.client_id, caller.name, seconds) == ("oid-1", "app-1", "admin", 3599)


def test_the_claims_are_those_that_clients_read(tokens: Tokens) -> None:
    token, _ = tokens.issue(ADMIN, "aud-1")
    claims = jwt.decode(token, KeySet.import_key_set(tokens.key_set()), algorithms=["RS256"]).claims
    assert {"oid", "tid", "appid", "aud", "iss", "iat", "nbf", "exp"} <= set(claims)
    assert (claims["aud"], claims["iss"], claims["tid"]) == ("aud-1", ISSUER, "tenant-1")
    assert claims["exp"] - claims["iat"] == 3599


def test_the_published_key_set_is_public(tokens: Tokens) -> None:
    (key,) = tokens.key_set()["keys"]
    assert set(key) == {"kty", "n", "e", "use", "alg", "kid"}


def test_a_token_expires(tokens: Tokens, clock: HeldClock) -> None:
    token, seconds = tokens.issue(ADMIN, "aud")
    clock.advance(seconds - 1)
    tokens.verify(token)
    clock.advance(2)
    with pytest.raises(Unauthenticated, match="ExpiredAuthenticationToken: The access token expired 1 s ago"):
        tokens.verify(token)


def test_tokens_hold_over_a_restart(tokens: Tokens, tmp_path: Path, clock: HeldClock) -> None:
    token, _ = tokens.issue(ADMIN, "aud")
    assert Tokens(tmp_path, clock, "tenant-1", ISSUER).verify(token).client_id == "app-1"


def _unsigned(claims: dict[str, object], header: dict[str, object]) -> str:
    parts = (json.dumps(part).encode() for part in (header, claims))
    return ".".join(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in parts) + "."


def test_what_was_not_signed_here_is_refused(tokens: Tokens, tmp_path: Path, clock: HeldClock) -> None:
    token, _ = tokens.issue(ADMIN, "aud")
    claims = jwt.decode(token, KeySet.import_key_set(tokens.key_set())).claims
    (tmp_path / "other").mkdir()
    other, _ = Tokens(tmp_path / "other", clock, "tenant-1", ISSUER).issue(ADMIN, "aud")
    public = RSAKey.import_key(tokens.key_set()["keys"][0])
    signed = _unsigned(claims, {"alg": "HS256"}).rstrip(".")
    digest = hmac.digest(public.as_pem(private=False), signed.encode(), "sha256")
    confused = f"{signed}.{base64.urlsafe_b64encode(digest).decode().rstrip('=')}"
    changed = token[:-6] + ("AAAAAA" if token[-6:] != "AAAAAA" else "BBBBBB")
    for forged in ("", "x", "a.b.c", other, confused, changed, _unsigned(claims, {"alg": "none"}), "a" * 20_000):
        with pytest.raises(Unauthenticated, match="InvalidAuthenticationToken"):
            tokens.verify(forged)


def test_another_issuer_or_tenant_is_refused(tmp_path: Path, clock: HeldClock, tokens: Tokens) -> None:
    token, _ = tokens.issue(ADMIN, "aud")
    with pytest.raises(Unauthenticated, match=r"it was issued by 'https://127\.0\.0\.1:8443/tenant-1/'"):
        Tokens(tmp_path, clock, "tenant-1", "https://elsewhere/").verify(token)
    with pytest.raises(Unauthenticated, match="InvalidAuthenticationTokenTenant"):
        Tokens(tmp_path, clock, "tenant-2", ISSUER).verify(token)


def test_a_token_without_its_claims_is_refused(tokens: Tokens, tmp_path: Path) -> None:
    key = RSAKey.import_key((tmp_path / FILE).read_bytes())
    with pytest.raises(Unauthenticated, match="a claim is missing"):
        tokens.verify(jwt.encode({"alg": "RS256"}, {"oid": "x"}, key))


def test_the_key_file_is_its_owners_alone(tokens: Tokens, tmp_path: Path) -> None:
    assert (tmp_path / FILE).stat().st_mode & 0o777 == 0o600


def test_a_broken_key_file_is_named(tmp_path: Path, clock: HeldClock) -> None:
    (tmp_path / FILE).write_text("not a key")
    with pytest.raises(SigningKeyError, match=r"token-signing-key\.pem"):
        Tokens(tmp_path, clock, "tenant-1", ISSUER)


def test_an_audience_is_bounded(tokens: Tokens) -> None:
    for audience in ("", "x" * 513):
        with pytest.raises(BadRequest, match="AADSTS70011"):
            tokens.issue(ADMIN, audience)
