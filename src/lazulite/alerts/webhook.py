"""One HTTP POST to an address that a user wrote: bounded in time, never redirected, never to a forbidden address.

The host is resolved here, every address is checked, and the connection is made to the checked address itself, so that
a name which resolves differently a moment later gains nothing. Calls run side by side on an event loop of their own,
because only there one deadline holds for resolving, connecting, TLS, sending and the answer's headers together.
"""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import httpx

from lazulite.alerts.limits import AG_WEBHOOK_TIMEOUT
from lazulite.alerts.name_lookup import addresses_of

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

# Where clouds keep credentials, beside the link-local range.
METADATA_ADDRESSES = frozenset(
    map(
        ipaddress.ip_address,
        ("168.63.129.16", "100.100.100.200", "192.0.0.192", "fd00:ec2::254", "fd00:ec2::23", "fd20:ce::254"),
    )
)
_NAT64 = ipaddress.ip_network("64:ff9b::/96")


@dataclass(frozen=True)
class WebhookPolicy:
    """Which resolved addresses may be called. The service is self-hosted, so its own network is allowed by default."""

    allow_loopback: bool = True
    allow_private: bool = True

    def refusal(self, text: str) -> str | None:
        """Why the address may not be called, or None."""
        address = _embedded(ipaddress.ip_address(text.split("%")[0]))
        if address in METADATA_ADDRESSES or address.is_link_local:
            return "is a link-local or metadata address"
        if address.is_multicast or address.is_unspecified or (address.is_reserved and not address.is_loopback):
            return "is a multicast, unspecified or reserved address"
        if address.is_loopback:
            return None if self.allow_loopback else "is a loopback address (setting webhook_allow_loopback)"
        if not address.is_global and not self.allow_private:
            return "is a private address (setting webhook_allow_private)"
        return None


@dataclass(frozen=True)
class Call:
    """A POST of JSON."""

    url: str
    body: bytes
    headers: Mapping[str, str]


@dataclass(frozen=True)
class Outcome:
    """`status` is the answer's, or None with the `error` that prevented one. `refused`: trying again cannot help."""

    status: int | None
    error: str = ""
    refused: bool = False


class Refused(Exception):
    """The call may not be made at all."""


class WebhookClient:
    """Posts calls. `timeout` is in seconds and covers one whole call."""

    def __init__(self, policy: WebhookPolicy, timeout: float = AG_WEBHOOK_TIMEOUT) -> None:
        self._policy = policy
        self._timeout = timeout
        self._tls = ssl.create_default_context()

    def post_all(self, calls: Sequence[Call]) -> list[Outcome]:
        """The outcome of each call, in order. Blocks for about `timeout` at most; must not run on an event loop."""
        return asyncio.run(self._post_all(calls))

    async def _post_all(self, calls: Sequence[Call]) -> list[Outcome]:
        # Proxies of the environment would be given the address to resolve themselves, past the check.
        async with httpx.AsyncClient(
            verify=self._tls, trust_env=False, follow_redirects=False, timeout=self._timeout
        ) as client:
            return await asyncio.gather(*(self._post(client, call) for call in calls))

    async def _post(self, client: httpx.AsyncClient, call: Call) -> Outcome:
        try:
            async with asyncio.timeout(self._timeout):
                return Outcome(await self._send(client, call))
        except Refused as error:
            return Outcome(None, str(error), refused=True)
        except TimeoutError:
            return Outcome(None, f"No answer within {self._timeout:g} s.")
        except (httpx.HTTPError, OSError, UnicodeError) as error:
            return Outcome(None, f"{type(error).__name__}: the receiver could not be reached.")

    async def _send(self, client: httpx.AsyncClient, call: Call) -> int:
        url = httpx.URL(call.url)
        addresses = await self._resolve(url)
        for place, address in enumerate(addresses):
            request = client.build_request(
                "POST",
                url.copy_with(host=address),
                content=call.body,
                headers={"Host": url.netloc.decode("ascii"), **call.headers},
                extensions={"sni_hostname": url.raw_host.decode("ascii"), **_timeouts(self._timeout)},
            )
            try:
                response = await client.send(request, stream=True)
            except httpx.ConnectError:
                if place == len(addresses) - 1:
                    raise
                continue
            await response.aclose()
            return response.status_code
        raise Refused(f"The host '{url.host}' has no address.")

    async def _resolve(self, url: httpx.URL) -> list[str]:
        port = url.port or (443 if url.scheme == "https" else 80)
        addresses = await addresses_of(url.host, port)
        for address in addresses:
            refusal = self._policy.refusal(address)
            if refusal:
                raise Refused(f"The host '{url.host}' resolves to {address}, which {refusal}: it is not called.")
        return addresses


def _timeouts(seconds: float) -> dict[str, dict[str, float]]:
    return {"timeout": dict.fromkeys(("connect", "read", "write", "pool"), seconds)}


def _embedded(address: Address) -> Address:
    """The IPv4 address inside an IPv6 one that leads to it."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or address


def redacted(url: str) -> str:
    """Scheme, host and port alone: query strings, credentials and often paths carry secrets."""
    parsed = httpx.URL(url)
    port = f":{parsed.port}" if parsed.port else ""
    return f"{parsed.scheme}://{parsed.host}{port}/..."


def _redact(record: logging.LogRecord) -> bool:
    """httpx logs the whole address of each request at level INFO."""
    if isinstance(record.args, tuple):
        record.args = tuple(redacted(str(arg)) if isinstance(arg, httpx.URL) else arg for arg in record.args)
    return True


logging.getLogger("httpx").addFilter(_redact)
