"""System checks: settings that would make production unsafe or deaf. `manage.py check` (and every command) shows them.

b24app.E001 http allowed in production · E002 APP_URL not https · E003 an OAuth server not https · E004 no OAuth server
b24app.E005 TOKEN_KEYS unusable · E006 DEBUG in production
b24app.W001 no client id · W002 any host allowed · W003 APP_URL's own host not allowed
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from cryptography.fernet import Fernet
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.http.request import validate_host


@register(Tags.security)
def check_settings(app_configs: Any = None, **_: Any) -> list[CheckMessage]:
    """Everything wrong with the settings; development (embedded servers) may be reached by http."""
    found = [*_secrets(), *_oauth()]
    if not settings.EMBEDDED:
        found += _production()
    return found


def _production() -> list[CheckMessage]:
    found: list[CheckMessage] = []
    url = urlsplit(settings.APP_URL)
    if settings.B24_INSECURE_HTTP:
        found.append(Error("http and private portal addresses are allowed.", "Unset B24_INSECURE_HTTP.", id="b24app.E001"))
    if url.scheme != "https":
        found.append(Error("APP_URL is not https: Bitrix24 opens no other page.", "Set APP_URL=https://…", id="b24app.E002"))
    if settings.DEBUG:
        found.append(Error("DEBUG shows settings and data to everybody.", "Unset DEBUG.", id="b24app.E006"))
    if not (settings.B24_CLIENT_ID and settings.B24_CLIENT_SECRET):
        hint = "Set B24_CLIENT_ID and B24_CLIENT_SECRET, or give each portal its own pair."
        found.append(Warning("The app has no client id and secret.", hint, id="b24app.W001"))
    if "*" in settings.ALLOWED_HOSTS:
        found.append(Warning("Any Host header is accepted.", "List the app's hosts in ALLOWED_HOSTS.", id="b24app.W002"))
    elif not validate_host(url.hostname or "", settings.ALLOWED_HOSTS):
        found.append(Warning("APP_URL's host is refused: nothing arrives.", "Add it to ALLOWED_HOSTS.", id="b24app.W003"))
    return found


def _oauth() -> list[CheckMessage]:
    servers = settings.B24_OAUTH_SERVERS
    if not servers:
        return [Error("No authorisation server is listed.", "Set B24_OAUTH_SERVERS, or leave it unset.", id="b24app.E004")]
    if settings.B24_INSECURE_HTTP or all(server.startswith("https://") for server in servers):
        return []
    return [Error("The client secret would be sent over http.", "B24_OAUTH_SERVERS takes https addresses.", id="b24app.E003")]


def _secrets() -> list[CheckMessage]:
    hint = 'python -c "from cryptography.fernet import Fernet; print(Fernet.generate_key().decode())"'
    try:
        usable = [Fernet(key) for key in settings.TOKEN_KEYS]
    except ValueError:
        usable = []
    if not usable or settings.SECRET_KEY in settings.TOKEN_KEYS:
        return [Error("TOKEN_KEYS holds no usable keys of its own.", hint, id="b24app.E005")]
    return []
