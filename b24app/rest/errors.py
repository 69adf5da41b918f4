"""The closed table of Bitrix24 error codes and what each means for us.

    RestError
    ├── fate RETRY    wait and repeat the same request (503, 429, 500, network, HTML instead of JSON)
    ├── fate REFRESH  the access token is old: refresh once, repeat once
    ├── fate PERSON   the portal's administrator must act (rights, tariff, payment, revoked access)
    ├── fate GONE     the object or method is not there
    └── fate REFUSED  this one request is wrong (data or a bug of ours): never resent as it is
"""

from __future__ import annotations

import enum


class Fate(enum.Enum):
    RETRY = "retry"
    REFRESH = "refresh"
    PERSON = "person"
    GONE = "gone"
    REFUSED = "refused"


class RestError(Exception):
    """The portal refused, or did not answer. `sent` tells whether the request may have taken effect."""

    def __init__(
        self, code: str, description: str = "", *, status: int = 0, fate: Fate = Fate.REFUSED, method: str = "",
        retry_after: float = 0.0, sent: bool = False,
    ) -> None:
        super().__init__(f"{method or 'request'}: {code or status}: {description}")
        self.code = code
        self.description = description
        self.status = status
        self.fate = fate
        self.method = method
        self.retry_after = retry_after
        self.sent = sent
