"""Who a request says it is: Basic credentials and the session cookie, out of whatever the servers on the way left of them."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from typing import Final, NamedTuple

from b24app.oauth.addresses import visitor_address as address
from exchange.protocol import COOKIE

__all__ = ["Credentials", "address", "credentials"]

_TOKEN: Final = re.compile(r"^[A-Za-z0-9]{1,128}$")
# FastCGI set-ups drop Authorization and leave it under one of these names; no client can set them by a header.
_PLACES: Final = ("HTTP_AUTHORIZATION", "REDIRECT_HTTP_AUTHORIZATION", "REMOTE_USER", "REDIRECT_REMOTE_USER")


class Credentials(NamedTuple):
    """`login` and `password` as typed in 1C without blanks around them; `token` is the cookie's. All "" where not sent."""

    login: str = ""
    password: str = ""
    token: str = ""


def credentials(meta: Mapping[str, object]) -> Credentials:
    """Read them from a WSGI environment; whatever cannot be read counts as not sent."""
    login, password = next((pair for place in _PLACES if (pair := _basic(str(meta.get(place) or "")))), ("", ""))
    return Credentials(login, password, _cookie(str(meta.get("HTTP_COOKIE") or "")))


def _basic(header: str) -> tuple[str, str] | None:
    scheme, _, encoded = header.strip().partition(" ")
    if scheme.casefold() != "basic":
        return None
    try:
        raw = base64.b64decode(encoded.strip().encode("ascii"), validate=True)
    except (binascii.Error, ValueError):
        return None
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        text = raw.decode("cp1251", "replace")
    login, colon, password = text.partition(":")
    if not colon:
        return None
    # Windows clients may send HOST\user; no login of ours has a backslash.
    return login.rpartition("\\")[2].strip(), password.strip()


def _cookie(header: str) -> str:
    for part in header.split(";"):
        name, _, value = part.strip().partition("=")
        if name == COOKIE and _TOKEN.match(value.strip(' "')):
            return value.strip(' "')
    return ""
