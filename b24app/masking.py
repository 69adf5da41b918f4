"""The mask over every log line. Imports nothing of Django: logging is configured before the apps are loaded."""

from __future__ import annotations

import logging
import re
from typing import Any

_KEYED = re.compile(
    r"(?P<key>\b(?:access_token|refresh_token|application_token|client_secret|auth_id|refresh_id|auth|code|password|secret|token)"
    r"\"?'?\]?\s*[=:]\s*[\"']?)(?P<value>[^\s&\"',;)}\]]{6,})",
    re.IGNORECASE,
)
_HEADER = re.compile(r"\b(?P<scheme>Frame|Basic|Bearer)\s+[A-Za-z0-9+/=:._-]{8,}")
_SEALED = re.compile(r"\bgAAAA[A-Za-z0-9_=-]{20,}")
_EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")


def masked(text: str) -> str:
    """The text without tokens, passwords, sealed values and e-mail addresses."""
    text = _KEYED.sub(lambda found: f"{found['key']}***", text)
    text = _HEADER.sub(lambda found: f"{found['scheme']} ***", text)
    return _EMAIL.sub("***@***", _SEALED.sub("***", text))


def masked_event(event: Any, hint: Any = None) -> Any:
    """An error report with every text in it masked (Sentry's `before_send`)."""
    if isinstance(event, str):
        return masked(event)
    if isinstance(event, dict):
        return {key: masked_event(value) for key, value in event.items()}
    if isinstance(event, list | tuple):
        return [masked_event(value) for value in event]
    return event


class MaskSecrets(logging.Filter):
    """Masks each finished log line (a handler's filter): whoever logs a request by mistake gives nothing away."""

    def filter(self, record: logging.LogRecord) -> bool:
        try:
            text = record.getMessage()
        except (TypeError, ValueError):
            return True
        hidden = masked(text)
        if hidden != text:
            record.msg, record.args = hidden, None
        return True


class MaskingFormatter(logging.Formatter):
    """Masks the traceback as well, which no filter sees."""

    def formatException(self, ei: Any) -> str:
        return masked(super().formatException(ei))
