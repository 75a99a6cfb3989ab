"""The login requests of Azure clients, and what az reads before it signs in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from urllib.parse import parse_qsl

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from lazulite.core.clock import Clock
from lazulite.core.errors import BadRequest, LazuliteError, NotFound, Unauthenticated
from lazulite.core.ids import Ids
from lazulite.identity import Principals, Tokens
from lazulite.kql.ticks import format_datetime
from lazulite.wire.bodies import read_body
from lazulite.wire.cloud import cloud
from lazulite.wire.errors import json_answer, retry_headers, status_of
from lazulite.wire.tracing import base_url, request_id
from lazulite.wire.turnstile import Turnstile

MAX_FORM = 64 * 1024
MAX_FIELDS = 50
THREADS = 2
MAX_WAITING = 100
ANY_TENANT = frozenset({"common", "organizations"})
_NO_STORE = {"cache-control": "no-store", "pragma": "no-cache"}

# OAuth's error by Azure's code; what is not listed is invalid_request.
_OAUTH_ERRORS = {
    "AADSTS7000215": "invalid_client",
    "AADSTS7000216": "invalid_client",
    "AADSTS70003": "unsupported_grant_type",
    "AADSTS70011": "invalid_scope",
    "AADSTS90002": "invalid_tenant",
    "TooManyAttempts": "temporarily_unavailable",
}


@dataclass(frozen=True)
class Login:
    """What these endpoints need. `clock` is the real one.

    `tries` bounds what anybody may do: to try a secret is slow on purpose.
    """

    principals: Principals
    tokens: Tokens
    clock: Clock
    ids: Ids
    tries: Turnstile = field(default_factory=lambda: Turnstile(THREADS, MAX_WAITING))


def routes(login: Login) -> list[Route]:
    """The routes of this plane; none asks for a token."""

    async def configuration(request: Request) -> Response:
        return _answered(login, request, lambda: _configuration(login, request))

    async def keys(request: Request) -> Response:
        return _answered(login, request, login.tokens.key_set)

    async def discovery(request: Request) -> Response:
        return json_answer(_discovery(base_url(request)))

    async def token(request: Request) -> Response:
        return await _token(login, request)

    async def endpoints(request: Request) -> Response:
        return json_answer(cloud(base_url(request), login.tokens.tenant_id))

    return [
        Route("/metadata/endpoints", endpoints, methods=["GET"]),
        Route("/{tenant}/v2.0/.well-known/openid-configuration", configuration, methods=["GET"]),
        Route("/{tenant}/.well-known/openid-configuration", configuration, methods=["GET"]),
        Route("/{tenant}/discovery/instance", discovery, methods=["GET"]),
        Route("/{tenant}/discovery/v2.0/keys", keys, methods=["GET"]),
        Route("/{tenant}/discovery/keys", keys, methods=["GET"]),
        Route("/{tenant}/oauth2/v2.0/token", token, methods=["POST"]),
        Route("/{tenant}/oauth2/token", token, methods=["POST"]),
    ]


def _answered(login: Login, request: Request, make: Any) -> Response:
    try:
        _check_tenant(login, request)
        return json_answer(make())
    except LazuliteError as error:
        return _failure(login, error)


async def _token(login: Login, request: Request) -> Response:
    try:
        _check_tenant(login, request)
        form = _form(await read_body(request, MAX_FORM))
        audience = _audience(form)
        address = request.client.host if request.client else ""
        check = partial(login.principals.authenticate, form["client_id"], form["client_secret"], address)
        principal = await login.tries.run(check)
        token, seconds = await run_in_threadpool(login.tokens.issue, principal, audience)
    except LazuliteError as error:
        return _failure(login, error)
    content = {"token_type": "Bearer", "expires_in": seconds, "ext_expires_in": seconds, "access_token": token}
    return json_answer({**content, **_v1_members(form)}, headers=_NO_STORE)


def _v1_members(form: Mapping[str, str]) -> dict[str, str]:
    """The first version of the protocol repeats the resource that the token is for."""
    return {"resource": form["resource"]} if "resource" in form and "scope" not in form else {}


def _form(body: bytes) -> dict[str, str]:
    try:
        pairs = parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=MAX_FIELDS)
    except ValueError as error:
        raise BadRequest("AADSTS900144", f"The request body is not a form of up to {MAX_FIELDS} fields.") from error
    form = dict(pairs)
    grant = form.get("grant_type", "")
    if grant != "client_credentials":
        raise BadRequest("AADSTS70003", f"The grant type '{grant[:60]}' is not supported: use client_credentials.")
    if not form.get("client_id"):
        raise BadRequest("AADSTS900144", "The request body must contain the parameter 'client_id'.")
    if not form.get("client_secret"):
        raise Unauthenticated("AADSTS7000216", "'client_secret' is required for the 'client_credentials' grant type.")
    return form


def _audience(form: Mapping[str, str]) -> str:
    """`scope=AUD/.default` in the second version of the protocol, `resource=AUD` in the first."""
    scopes = [scope for scope in form.get("scope", "").split() if scope.endswith("/.default")]
    audience = scopes[0].removesuffix("/.default") if scopes else form.get("resource", "")
    if not audience:
        raise BadRequest("AADSTS70011", "The parameter 'scope' must be 'AUDIENCE/.default', or 'resource' be given.")
    return audience


def _check_tenant(login: Login, request: Request) -> None:
    tenant = str(request.path_params["tenant"]).lower()
    if tenant != login.tokens.tenant_id.lower() and tenant not in ANY_TENANT:
        raise NotFound("AADSTS90002", f"Tenant '{tenant[:100]}' not found. This one is '{login.tokens.tenant_id}'.")


def _configuration(login: Login, request: Request) -> dict[str, Any]:
    """OpenID configuration. msal takes the tenant from the first segment of the token endpoint."""
    base = f"{base_url(request)}/{request.path_params['tenant']}"
    version = "/v2.0" if "/v2.0/" in request.url.path else ""
    return {
        "issuer": f"{base_url(request)}/{login.tokens.tenant_id}{version or '/'}",
        "authorization_endpoint": f"{base}/oauth2{version}/authorize",
        "token_endpoint": f"{base}/oauth2{version}/token",
        "device_authorization_endpoint": f"{base}/oauth2{version}/devicecode",
        "jwks_uri": f"{base}/discovery{version}/keys",
        "token_endpoint_auth_methods_supported": ["client_secret_post"],
        "response_types_supported": ["token"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "scopes_supported": [".default"],
        "tenant_region_scope": None,
    }


def _discovery(base: str) -> dict[str, Any]:
    host = base.split("://", 1)[1]
    metadata = [{"preferred_network": host, "preferred_cache": host, "aliases": [host]}]
    return {
        "tenant_discovery_endpoint": f"{base}/common/v2.0/.well-known/openid-configuration",
        "api-version": "1.1",
        "metadata": metadata,
    }


def _failure(login: Login, error: LazuliteError) -> Response:
    """OAuth's own error shape, with Azure's code in it."""
    trace = request_id() or login.ids.guid()
    digits = error.code.removeprefix("AADSTS")
    content = {
        "error": _OAUTH_ERRORS.get(error.code, "invalid_request"),
        "error_description": f"{error.code}: {error.message} Trace ID: {trace}",
        "error_codes": [int(digits)] if digits.isdigit() else [],
        "timestamp": format_datetime(login.clock.now())[:19].replace("T", " ") + "Z",
        "trace_id": trace,
        "correlation_id": trace,
    }
    status = 400 if isinstance(error, NotFound) else status_of(error)
    return json_answer(content, status, {**_NO_STORE, **retry_headers(error)})
