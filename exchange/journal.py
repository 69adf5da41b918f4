"""What 1C asked and what it was told, masked and short: the only evidence users have when an exchange fails."""

from __future__ import annotations

import datetime as dt
import logging
import re
from typing import Final, NamedTuple

from django.db import DatabaseError

from exchange.models import ExchangeRequest, OneCBase
from exchange.protocol import Answer

log = logging.getLogger(__name__)

KEEP: Final = dt.timedelta(days=14)
_SECRETS: Final = re.compile(r"(sessid=|PHPSESSID\n)[^\s&]+")


class Request(NamedTuple):
    """What is worth keeping of a request; never its body, cookie or password."""

    method: str
    type: str
    mode: str
    file_name: str
    size: int


def write(base: OneCBase | None, request: Request, answer: Answer, milliseconds: int) -> None:
    """Add a row; a journal that cannot be written is no reason to fail an exchange.

    What comes from nobody we know is only logged: no page could show it, and anybody could fill the table.
    """
    if base is None:
        log.info("1C, nobody known: %s %r %r: %r", request.method[:8], request.type[:20], request.mode[:20], told(answer)[:200])
        return
    try:
        ExchangeRequest.objects.create(
            base=base,
            method=_short(request.method, 4),
            type=_short(request.type, 20),
            mode=_short(request.mode, 20),
            file_name=_short(request.file_name, 255),
            size=request.size,
            answer=_short(told(answer), 1000),
            milliseconds=milliseconds,
        )
    except DatabaseError:
        log.exception("a request of 1C was not journaled")


def told(answer: Answer) -> str:
    """The answer without what must not be read later: tokens, and documents with people's data."""
    if answer.told:
        return answer.told
    if answer.xml:
        return f"XML, {len(answer.body)} characters"
    return _SECRETS.sub(r"\1***", answer.body) or str(answer.status)


def clean(now: dt.datetime) -> int:
    """Remove rows past their time; returns how many."""
    return ExchangeRequest.objects.filter(at__lt=now - KEEP).delete()[0]


def _short(text: str, limit: int) -> str:
    return "".join(letter if letter.isprintable() or letter == "\n" else "?" for letter in text)[:limit]
