"""Takes the address a user typed apart the way 1C's РазобратьАдресСайта does."""

from __future__ import annotations

from sandbox.onec.clients.manners import Manners
from sandbox.onec.clients.wire import Address, ClientRefused

DEFAULT_PATH = "bitrix/admin/1c_exchange.php"


def parse(url: str, manners: Manners) -> Address:
    """Cut the scheme, take host[:port], keep the rest as path without its leading slash; raises ClientRefused."""
    text = url.replace("\\", "/").replace(" ", "")
    secure = text.startswith("https://")
    if secure and not manners.https:
        raise ClientRefused(f"generation {manners.name} knows only http://: it cuts that off and takes 'https:' for the host")
    for scheme in ("https://", "http://"):
        text = text.removeprefix(scheme)
    if "?" in text:
        raise ClientRefused("the address holds a '?': 1C glues its own '?type=…' to it")
    if "@" in text.partition("/")[0]:
        raise ClientRefused("the address holds a login: 1C takes it for the host")
    host, _, path = text.partition("/")
    name, _, port = host.partition(":")
    if not name or (port and not port.isdigit()):
        raise ClientRefused(f"no host in the address {url!r}")
    return Address(secure, name, int(port) if port else (443 if secure else 80), path or DEFAULT_PATH)
