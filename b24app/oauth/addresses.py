"""Which addresses are trusted with a token, and where a request comes from: decided purely from the strings.

A portal's address comes from outside and can be anything (self-hosted portals live on any host), so it must be https, a bare
REST root, on the posted domain; that it leads into no private network is the transport's care, because names can change. An
OAuth server receives our client secret, so it must stand in B24_OAUTH_SERVERS, whatever a request says.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from ipaddress import ip_address
from urllib.parse import urlsplit

DEFAULT_PORTS = {"http": "80", "https": "443"}
_HOST = re.compile(r"(?=.{1,253}$)[a-z0-9_]([a-z0-9_-]{0,62})(\.[a-z0-9_]([a-z0-9_-]{0,62}))*", re.ASCII)
_IPV6 = re.compile(r"\[[0-9a-f:.]{2,45}\]", re.ASCII)


class UntrustedAddress(Exception):
    """An address that no token may be sent to; the text says why and is safe to log."""


def domain_of(value: str) -> str:
    """`value` (a host, perhaps with a port) in lower case without a default port; raises UntrustedAddress if it is no host."""
    text = value.strip().lower().rstrip(".")
    host, colon, port = text.rpartition(":") if re.search(r":\d+$", text) else (text, "", "")
    if not _HOST.fullmatch(host) and not _IPV6.fullmatch(host):
        raise UntrustedAddress("the domain is not a host name")
    if colon and not 0 < int(port) < 65536:
        raise UntrustedAddress("the domain has an impossible port")
    return host if not colon or port in DEFAULT_PORTS.values() else f"{host}:{port}"


def portal_endpoint(endpoint: str, domain: str, *, insecure: bool) -> str:
    """The portal's REST root in its one spelling, `https://<domain>/rest/`, proved to be on `domain`.

    Raises UntrustedAddress for another host, another path, a query, credentials, or http (unless `insecure`).
    """
    try:
        parts = urlsplit(endpoint.strip())
        host = domain_of(parts.netloc)
    except ValueError as error:
        raise UntrustedAddress("the endpoint is not an address") from error
    if parts.scheme != "https" and not (insecure and parts.scheme == "http"):
        raise UntrustedAddress("the endpoint is not https")
    if host != domain_of(domain):
        raise UntrustedAddress("the endpoint is on another host than the domain")
    if parts.path.rstrip("/") != "/rest" or parts.query or parts.fragment:
        raise UntrustedAddress("the endpoint is not a REST root")
    return f"{parts.scheme}://{host}/rest/"


def origin_of(endpoint: str) -> str:
    """Scheme and host of an address that was checked before: the only parent allowed to frame us for that portal."""
    parts = urlsplit(endpoint)
    return f"{parts.scheme}://{parts.netloc}"


def listed_server(server_endpoint: str, servers: Sequence[str]) -> str:
    """The base of `servers` that `server_endpoint` (`<base>/rest/`) belongs to, or the first one: never anything unlisted."""
    given = server_endpoint.strip().rstrip("/").removesuffix("/rest")
    return next((base for base in servers if base == given), servers[0])


def visitor_address(meta: Mapping[str, object]) -> str:
    """Where the request comes from: the peer, or what a proxy in our own network says of it ("" when unknown).

    A peer with a public address is never asked: it could write anything into X-Forwarded-For.
    """
    peer = str(meta.get("REMOTE_ADDR") or "")
    try:
        direct = ip_address(peer)
    except ValueError:
        return peer[:60]
    forwarded = str(meta.get("HTTP_X_FORWARDED_FOR") or "").rpartition(",")[2].strip()
    if forwarded and (direct.is_private or direct.is_loopback):
        try:
            return str(ip_address(forwarded))
        except ValueError:
            return peer
    return str(direct)
