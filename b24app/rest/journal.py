"""What was asked and what was answered, for people to read: secrets and personal data masked, bounded in size.

The marketplace demands such a record for three days or more. Where it is kept is the sink's business: this room has no database.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from b24app.rest.commands import Command
from b24app.rest.errors import RestError
from b24app.rest.transport import Answer

TEXT_LIMIT = 8_000
_VALUE_LIMIT = 300
_ROWS = 60
MASK = "***"

_SECRET = re.compile(r"(?:^|_)(?:auth|token|secret|password|sessid|refresh_id|auth_id)$|token$|secret$|password$", re.IGNORECASE)
_PERSON = re.compile(
    r"^(?:(?:rq_)?(?:last|first|second|middle)_?name|rq_name|(?:rq_company_)?full_?name|rq_company_name|rq_director|rq_accountant|"
    r"rq_contact|company_?title|honorific|birthdate|"
    r"(?:rq_)?(?:phone|email|fax|im|web)s?|personal_\w+|work_phone|work_mobile|login|"
    r"(?:rq_)?(?:inn|kpp|ogrn(?:ip)?|okpo|iin|idno|edrpou|ident_doc\w*|acc_num|cor_acc_num|iban)|fm|"
    r"address(?:_?\d)?|post_?code|postal_code)$",
    re.IGNORECASE,
)
# Methods whose plain `name` and `title` are a person's or a firm's.
_ABOUT_PEOPLE = re.compile(
    r"^(?:user|profile|im|crm\.(?:contact|lead|company|requisite|address|duplicate))(?:\.|$)", re.IGNORECASE
)
_NAME = re.compile(r"^(?:name|title)$", re.IGNORECASE)
_EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
# A telephone as people write it; a bare row of digits is a barcode or an id and stays readable.
_PHONE = re.compile(r"(?<![\w-])(?:\+\d[\d ()-]{7,18}\d|[78][ -]?\(\d{3,5}\)[\d -]{5,10}\d)(?!\w)")
_INN = re.compile(r"((?:\u0438\u043d\u043d|inn)\W{0,3})\d{10,12}", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Entry:
    """One HTTP exchange, ready to be kept: nothing in it is secret or personal."""

    at: dt.datetime
    method: str
    commands: int
    status: int
    error: str
    milliseconds: int
    request: str
    answer: str


class Sink(Protocol):
    """Keeps entries. `write` comes from any thread and must be quick; `flush` comes from the thread that works with the database."""

    def write(self, entry: Entry) -> None: ...

    def flush(self, *, force: bool = False) -> None: ...


class Journal:
    """Turns each exchange into a masked Entry and hands it to the sink (None: nothing is kept)."""

    def __init__(self, sink: Sink | None = None, *, now: Callable[[], dt.datetime] = lambda: dt.datetime.now(dt.UTC)) -> None:
        self._sink = sink
        self._now = now

    def record(self, method: str, commands: Sequence[Command], result: Answer | RestError, seconds: float) -> None:
        """Keep one exchange: what was asked and either the portal's answer or the reason why there is none."""
        if self._sink is None:
            return
        if isinstance(result, RestError):
            status, error, answer = result.status, result.code, result.description
        else:
            status = result.status
            error = str(result.body["error"]) if isinstance(result.body, Mapping) and "error" in result.body else ""
            people = any(_ABOUT_PEOPLE.match(command.method) for command in commands)
            answer = _short(masked(result.body, people=people)) if result.body is not None else clean(result.text)
        asked = [
            {"method": command.method, "params": masked(command.params, people=bool(_ABOUT_PEOPLE.match(command.method)))}
            for command in commands
        ]
        self._sink.write(
            Entry(
                self._now(),
                method,
                len(commands),
                status,
                clean(error)[:200],
                round(seconds * 1000),
                _short(asked),
                answer[:TEXT_LIMIT],
            )
        )

    def flush(self, *, force: bool = False) -> None:
        """Let the sink save what it holds, if it holds much or `force`."""
        if self._sink is not None:
            self._sink.flush(force=force)


def masked(value: Any, *, people: bool = False, depth: int = 0) -> Any:
    """The same structure for people to read: secrets and personal data replaced, long texts (files) and long lists cut.

    `people`: a plain name or title in it is a person's.
    """
    if depth > 12:
        return "…"
    match value:
        case Mapping():
            return {str(key): _masked_field(str(key), item, people=people, depth=depth) for key, item in value.items()}
        case list() | tuple():
            rows = [masked(item, people=people, depth=depth + 1) for item in value[:_ROWS]]
            return [*rows, f"… {len(value)} in all"] if len(value) > _ROWS else rows
        case str():
            return clean(value)
        case None | bool() | int() | float():
            return value
        case _:
            return clean(str(value))


def clean(text: str) -> str:
    """A text without e-mail addresses, telephones and taxpayer numbers, cut to a readable length."""
    cut = f"{text[:_VALUE_LIMIT]}… {len(text)} characters" if len(text) > _VALUE_LIMIT else text
    return _INN.sub(rf"\1{MASK}", _PHONE.sub(MASK, _EMAIL.sub(MASK, cut))).replace("\0", "")


def _masked_field(key: str, value: Any, *, people: bool, depth: int) -> Any:
    empty = value is None or value in ("", [], {})
    if not empty and (_SECRET.search(key) or _PERSON.match(key) or (people and _NAME.match(key) and isinstance(value, str))):
        return MASK
    return masked(value, people=people, depth=depth + 1)


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= TEXT_LIMIT else f"{text[:TEXT_LIMIT]}… {len(text)} characters"
