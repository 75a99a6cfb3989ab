"""Access tokens: JWTs signed with RS256, issued to principals, verified at every door."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from joserfc import jwt
from joserfc.errors import BadSignatureError, InvalidKeyIdError, JoseError

from lazulite.core.caller import Caller
from lazulite.core.clock import Clock, to_unix_seconds
from lazulite.core.errors import BadRequest, Unauthenticated
from lazulite.identity import signing_key
from lazulite.identity.principals import Principal

# What Azure gives: clients plan their renewal by it.
LIFETIME_SECONDS = 3_599
MAX_AUDIENCE = 512
MAX_TOKEN = 16 * 1024
_ALGORITHM = "RS256"
_TEXTS = ("iss", "aud", "oid", "appid", "tid")
_TIMES = ("iat", "nbf", "exp")


class Tokens:
    """Issues and verifies the tokens of one service. `clock` is the real one; `folder` holds the signing key."""

    def __init__(self, folder: Path, clock: Clock, tenant_id: str, issuer: str) -> None:
        self._key = signing_key.load(folder)
        self._clock = clock
        self.tenant_id = tenant_id
        self.issuer = issuer

    def issue(self, principal: Principal, audience: str) -> tuple[str, int]:
        """A token for an audience, and for how many seconds it holds."""
        if not 0 < len(audience) <= MAX_AUDIENCE:
            raise BadRequest("AADSTS70011", f"The scope must name an audience of 1 to {MAX_AUDIENCE} characters.")
        now = self._seconds()
        claims = {
            "aud": audience,
            "iss": self.issuer,
            "iat": now,
            "nbf": now,
            "exp": now + LIFETIME_SECONDS,
            "appid": principal.client_id,
            "azp": principal.client_id,
            "app_displayname": principal.name,
            "idtyp": "app",
            "oid": principal.object_id,
            "sub": principal.object_id,
            "tid": self.tenant_id,
            # Without it two tokens of one second would be the same text.
            "uti": uuid.uuid4().hex,
            "ver": "1.0",
        }
        return jwt.encode({"alg": _ALGORITHM, "kid": self._key.kid}, claims, self._key), LIFETIME_SECONDS

    def verify(self, token: str) -> Caller:
        """The caller whom a token names. Any audience that was issued here is accepted.

        Raises Unauthenticated: `InvalidAuthenticationToken`, `ExpiredAuthenticationToken` or
        `InvalidAuthenticationTokenTenant`.
        """
        claims = self._claims(token)
        self._check_times(claims)
        if claims["tid"] != self.tenant_id:
            raise Unauthenticated("InvalidAuthenticationTokenTenant", "The access token is from another tenant.")
        if claims["iss"] != self.issuer:
            raise _invalid(f"it was issued by '{claims['iss'][:200]}', not by '{self.issuer}'")
        return Caller(claims["oid"], claims["appid"], str(claims.get("app_displayname") or claims["appid"]))

    def key_set(self) -> dict[str, Any]:
        """The public keys (RFC 7517), for those who check tokens themselves."""
        return {"keys": [self._key.as_dict(private=False)]}

    def _claims(self, token: str) -> Mapping[str, Any]:
        if len(token) > MAX_TOKEN:
            raise _invalid(f"it is longer than {MAX_TOKEN} characters")
        try:
            decoded = jwt.decode(token, self._key, algorithms=[_ALGORITHM])
        except (BadSignatureError, InvalidKeyIdError) as error:
            raise _invalid("it was not signed by this service") from error
        except (JoseError, ValueError, TypeError) as error:
            raise _invalid("it is not a token of this service") from error
        claims = decoded.claims
        texts = all(isinstance(claims.get(name), str) for name in _TEXTS)
        if not texts or not all(isinstance(claims.get(name), int) for name in _TIMES):
            raise _invalid("a claim is missing")
        return claims

    def _check_times(self, claims: Mapping[str, Any]) -> None:
        now = self._seconds()
        if claims["exp"] <= now:
            late = now - claims["exp"]
            raise Unauthenticated(
                "ExpiredAuthenticationToken", f"The access token expired {late} s ago. Get a new one and try again."
            )
        if claims["nbf"] > now:
            raise _invalid(f"it becomes valid in {claims['nbf'] - now} s")

    def _seconds(self) -> int:
        return int(to_unix_seconds(self._clock.now()))


def _invalid(why: str) -> Unauthenticated:
    return Unauthenticated("InvalidAuthenticationToken", f"The access token is invalid: {why}. Sign in again.")
