"""The closed table of Bitrix24 errors and what each means for us.

    RestError
    ├── fate RETRY    wait and repeat the same request (503, 429, 500, network, HTML instead of JSON)
    ├── fate REFRESH  the access token is old: refresh once, repeat once
    ├── fate PERSON   the portal's administrator must act (rights, tariff, payment, revoked access)
    ├── fate GONE     the object or method is not there
    └── fate REFUSED  this one request is wrong (data or a bug of ours): never resent as it is

The portal's spelling of codes is not steady (`expired_token`, `PORTAL_DELETED`, `Access denied.`, `""`, `0`, `200040300010`): codes
are compared as text, without case and without a closing dot.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


class Fate(enum.Enum):
    RETRY = "retry"
    REFRESH = "refresh"
    PERSON = "person"
    GONE = "gone"
    REFUSED = "refused"


class RestError(Exception):
    """The portal refused, or did not answer. `sent` tells whether the request may have taken effect.

    `code` is the portal's own (or one of `OURS`), `hint` says what to do about it, `retry_after` is seconds to wait before a repeat.
    """

    def __init__(
        self,
        code: str,
        description: str = "",
        *,
        status: int = 0,
        fate: Fate = Fate.REFUSED,
        method: str = "",
        retry_after: float = 0.0,
        sent: bool = False,
        hint: str = "",
    ) -> None:
        super().__init__(f"{method or 'request'}: {code or status}: {description}")
        self.code = code
        self.description = description
        self.status = status
        self.fate = fate
        self.method = method
        self.retry_after = retry_after
        self.sent = sent
        self.hint = hint


@dataclass(frozen=True, slots=True)
class Row:
    """What one answer means: `status` None is any, `code` "*" is any, `phrase` must be in the description (lower case)."""

    status: int | None
    code: str
    fate: Fate
    hint: str
    sent: bool = False
    retry_after: float = 0.0
    phrase: str = ""


# Codes that no portal sends: made by our own layers.
NO_CONNECTION = "NO_CONNECTION"
NO_ANSWER = "NO_ANSWER"
NOT_JSON = "NOT_JSON"
TOO_LARGE = "ANSWER_TOO_LARGE"
FORBIDDEN_ADDRESS = "FORBIDDEN_ADDRESS"
NOT_EXECUTED = "NOT_EXECUTED"
METHOD_PAUSED = "METHOD_PAUSED"
QUEUE_TOO_LONG = "QUEUE_TOO_LONG"
PORTAL_MOVED = "PORTAL_MOVED"
UNENCODABLE = "UNENCODABLE"

_RIGHTS = (
    "The user who installed the app lacks rights for this in the portal: grant them or reinstall the app as an administrator."
)
_SCOPE = "The app was granted too few permissions: reinstall it so that the administrator confirms the full list."
_ACCESS = "The portal no longer accepts the app's credential: open the app in the portal as an administrator."
_PAYMENT = "The portal's plan or the app's subscription has ended: renew it in the portal."
_SLOW_DOWN = "Too many requests at once: wait and repeat."
_UNSURE = "The portal failed while working: it may have done it; look the object up before repeating an add."
_GONE = "The object is not in the portal any more."
_BUG = "The request is malformed: a defect of this app."
_OFF = "The portal does not have this feature (plan, version or a module that is switched off)."
_DATA = "The portal refuses this data: see its explanation."

# Read from the top: the first row that fits decides. From the portal's list of system errors, its limits page and the methods' pages.
TABLE: tuple[Row, ...] = (
    # the token
    Row(401, "expired_token", Fate.REFRESH, "The access token is an hour old."),
    Row(None, "expired_token", Fate.REFRESH, "The access token is an hour old."),
    Row(None, "invalid_token", Fate.REFRESH, _ACCESS),
    Row(None, "NO_AUTH_FOUND", Fate.REFRESH, _ACCESS),
    Row(None, "invalid_grant", Fate.PERSON, _ACCESS),
    Row(None, "invalid_client", Fate.PERSON, "The app is not installed in this portal, or its client id and secret are wrong."),
    Row(None, "WRONG_CLIENT", Fate.PERSON, "The app is not installed in this portal, or its client id and secret are wrong."),
    Row(None, "ERROR_OAUTH", Fate.PERSON, "The app is not installed in this portal."),
    Row(None, "NOT_INSTALLED", Fate.PERSON, "The app is not installed in this portal."),
    Row(None, "APPLICATION_NOT_FOUND", Fate.PERSON, "The app is not installed in this portal."),
    Row(None, "METHOD_CONFIRM_WAITING", Fate.PERSON, "The portal's administrator has been asked to confirm this call."),
    Row(None, "METHOD_CONFIRM_DENIED", Fate.PERSON, "The portal's administrator has denied this call."),
    # rights, plan, payment
    Row(None, "PAYMENT_REQUIRED", Fate.PERSON, _PAYMENT),
    Row(403, "ACCESS_DENIED", Fate.PERSON, _PAYMENT, phrase="commercial plans"),
    Row(None, "ACCESS_DENIED", Fate.PERSON, _RIGHTS),
    Row(None, "Access denied", Fate.PERSON, _RIGHTS),
    Row(None, "INVALID_CREDENTIALS", Fate.PERSON, _RIGHTS),
    Row(
        None,
        "user_access_error",
        Fate.PERSON,
        "The app is not allowed for the user who installed it: change it in the app's access list.",
    ),
    Row(None, "allowed_only_intranet_user", Fate.PERSON, "Only an employee of the portal may do this: reinstall the app as one."),
    Row(None, "insufficient_scope", Fate.PERSON, _SCOPE),
    Row(None, "invalid_scope", Fate.PERSON, _SCOPE),
    Row(None, "WRONG_AUTH_TYPE", Fate.PERSON, _ACCESS),
    Row(None, "200040300010", Fate.PERSON, _RIGHTS),
    Row(None, "200040300020", Fate.PERSON, _RIGHTS),
    Row(None, "200040300030", Fate.PERSON, _RIGHTS),
    Row(None, "200040300040", Fate.PERSON, _RIGHTS),
    Row(None, "200040300043", Fate.PERSON, _RIGHTS),
    Row(None, "200040300050", Fate.PERSON, _RIGHTS),
    Row(None, "0", Fate.PERSON, _RIGHTS, phrase="access denied"),
    Row(None, "", Fate.PERSON, _RIGHTS, phrase="access denied"),
    Row(None, "", Fate.PERSON, _SCOPE, phrase="required more scopes"),
    # the portal itself
    Row(None, "PORTAL_DELETED", Fate.PERSON, "The portal was deleted."),
    Row(None, "OVERLOAD_LIMIT", Fate.PERSON, "Bitrix24 has blocked the app's requests by hand: ask its support."),
    Row(None, "QUERY_LIMIT_EXCEEDED", Fate.RETRY, _SLOW_DOWN, retry_after=1.0),
    Row(None, "OPERATION_TIME_LIMIT", Fate.RETRY, "The method has used up its time for ten minutes: it rests.", retry_after=60.0),
    Row(None, "INTERNAL_SERVER_ERROR", Fate.RETRY, _UNSURE, sent=True, retry_after=5.0),
    Row(None, "ERROR_UNEXPECTED_ANSWER", Fate.RETRY, _UNSURE, sent=True, retry_after=5.0),
    # a method or an object that is not there
    Row(None, "ERROR_METHOD_NOT_FOUND", Fate.GONE, _OFF),
    Row(None, "ERROR_MANIFEST_IS_NOT_AVAILABLE", Fate.GONE, _OFF),
    Row(None, "NOT_FOUND", Fate.GONE, _GONE),
    Row(None, "ERROR_NOT_FOUND", Fate.GONE, _GONE),
    Row(None, "OWNER_NOT_FOUND", Fate.GONE, _GONE),
    Row(None, "200700300030", Fate.GONE, _GONE),  # section
    Row(None, "201000000000", Fate.GONE, _GONE),  # price type
    Row(None, "201100000000", Fate.GONE, _GONE),  # store
    Row(None, "200800000000", Fate.GONE, _GONE),  # VAT rate
    Row(None, "200600000020", Fate.GONE, _GONE),  # measure
    Row(None, "*", Fate.GONE, _GONE, phrase="does not exist"),
    Row(None, "*", Fate.GONE, _GONE, phrase="is not exists"),
    Row(None, "0", Fate.GONE, _GONE, phrase="not found"),
    Row(None, "", Fate.GONE, _GONE, phrase="not found"),
    # our own mistakes
    Row(None, "INVALID_REQUEST", Fate.REFUSED, "The portal wants HTTPS."),
    Row(None, "ERROR_BATCH_METHOD_NOT_ALLOWED", Fate.REFUSED, _BUG),
    Row(None, "ERROR_BATCH_LENGTH_EXCEEDED", Fate.REFUSED, _BUG),
    Row(None, "100", Fate.REFUSED, _BUG),
    # whatever the layers below us say
    Row(None, NO_CONNECTION, Fate.RETRY, "The portal cannot be reached.", retry_after=5.0),
    Row(None, NO_ANSWER, Fate.RETRY, _UNSURE, sent=True, retry_after=5.0),
    Row(None, TOO_LARGE, Fate.REFUSED, "The portal's answer is larger than this app accepts.", sent=True),
    Row(None, FORBIDDEN_ADDRESS, Fate.PERSON, "The portal's address is not a public https address."),
    Row(None, NOT_EXECUTED, Fate.RETRY, "The portal stopped the batch before this command.", retry_after=1.0),
    Row(None, METHOD_PAUSED, Fate.RETRY, "The method rests until the portal gives it time again."),
    Row(None, QUEUE_TOO_LONG, Fate.RETRY, _SLOW_DOWN, retry_after=5.0),
    Row(None, PORTAL_MOVED, Fate.RETRY, "The portal answers at another address.", retry_after=5.0),
    Row(None, UNENCODABLE, Fate.REFUSED, _BUG),
    # no JSON: a proxy or a web server spoke instead of the portal
    Row(200, NOT_JSON, Fate.RETRY, _UNSURE, sent=True, retry_after=5.0),
    Row(
        403, NOT_JSON, Fate.RETRY, "Something before the portal refuses our requests (firewall, address list).", retry_after=60.0
    ),
    Row(404, NOT_JSON, Fate.PERSON, "There is no portal at this address any more."),
    Row(410, NOT_JSON, Fate.PERSON, "There is no portal at this address any more."),
    Row(413, NOT_JSON, Fate.REFUSED, "The request is larger than the portal accepts."),
    Row(429, NOT_JSON, Fate.RETRY, _SLOW_DOWN, retry_after=10.0),
    # an unlisted code: the status decides
    Row(401, "*", Fate.REFRESH, _ACCESS),
    Row(402, "*", Fate.PERSON, _PAYMENT),
    Row(403, "*", Fate.PERSON, _RIGHTS),
    Row(404, "*", Fate.GONE, _GONE),
    Row(410, "*", Fate.PERSON, "The portal was deleted."),
    Row(429, "*", Fate.RETRY, _SLOW_DOWN, retry_after=10.0),
    Row(500, "*", Fate.RETRY, _UNSURE, sent=True, retry_after=5.0),
    Row(502, "*", Fate.RETRY, _UNSURE, sent=True, retry_after=5.0),
    Row(503, "*", Fate.RETRY, _UNSURE, sent=True, retry_after=5.0),
    Row(504, "*", Fate.RETRY, _UNSURE, sent=True, retry_after=5.0),
)
_OTHERWISE = Row(None, "*", Fate.REFUSED, _DATA)


def classify(status: int, code: str, description: str = "") -> Row:
    """The row of the table for this answer; what no row knows is REFUSED: it goes up and is never resent blindly."""
    wanted, said = _plain(code), description.casefold()
    for row in TABLE:
        if (
            (row.status is None or row.status == status)
            and (row.code == "*" or _plain(row.code) == wanted)
            and row.phrase in said
        ):
            return row
    return _OTHERWISE


def make(code: str, description: str = "", *, status: int = 0, method: str = "", retry_after: float = 0.0) -> RestError:
    """The error for a code of the portal's or of ours, with its fate out of the table."""
    row = classify(status, code, description)
    return RestError(
        code,
        description,
        status=status,
        fate=row.fate,
        method=method,
        retry_after=retry_after or row.retry_after,
        sent=row.sent,
        hint=row.hint,
    )


def error_in(body: Any, *, status: int = 200, method: str = "") -> RestError | None:
    """The error an answer holds, or None.

    The key `error` alone decides, with any HTTP status and any value: placement.bind refuses with 200, requisites with an empty code,
    the catalogue with numbers, crm.status.list with a sentence.
    """
    if not isinstance(body, Mapping):
        return make(NOT_JSON, "the answer is no object", status=status, method=method)
    if "error" not in body:
        return None if status < 400 and "result" in body else make(NOT_JSON, "no result", status=status, method=method)
    return make(_text(body["error"]), _text(body.get("error_description", "")), status=status, method=method)


def _text(value: Any) -> str:
    return "" if value is None else str(value)


def _plain(code: str) -> str:
    return code.strip().rstrip(".!").casefold()
