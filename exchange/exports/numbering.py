"""The number by which 1C knows a document of the portal: it fits the client, is the base's only one of its kind, and never changes.

The portal's own number is taken when it fits and is free, else the object's id, else a number above half a million. "Free" goes by the
digits alone, because Бухгалтерия makes its number of them ("1-5" and "0015" are both 15): the database holds each only once per base.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from django.db import IntegrityError, connection, transaction
from django.db.models import CharField, F, Func, Max, Q, QuerySet, Value
from django.db.models.functions import Length

from exchange.dialects import Dialect
from exchange.models import TradeDocument

# Six digits are what every client bears. Below stand ids, above what had to be given otherwise.
MOST: Final = 999_999
LIFTED: Final = 500_000
_CONSTRAINTS: Final = ("one_document_per_number", "one_document_per_number_key")
_NOT_DIGITS: Final = re.compile(r"[^0-9]")
# As the constraint one_document_per_number_key has it, whose index answers.
_DIGITS: Final = Func(F("number"), Value(r"[^0-9]"), Value(""), Value("g"), function="regexp_replace")
_KEY: Final = Func(_DIGITS, Value("0"), function="ltrim", output_field=CharField())
_GAP: Final = """
    select free from generate_series(1, %(most)s) as free
    where not exists (
      select 1 from exchange_tradedocument
      where base_id = %(base)s and number <> '' and ltrim(regexp_replace(number, '[^0-9]', '', 'g'), '0') = free::text)
    order by free limit 1
"""
_TRIES: Final = 100


class NoNumberLeft(Exception):
    """Every number that this client bears is given."""


def key(number: str) -> str:
    """What a number is told apart by: its digits without leading zeros."""
    return _NOT_DIGITS.sub("", number).lstrip("0")


def fits(number: str, dialect: Dialect) -> bool:
    """Whether the number may be given to a document of such a client."""
    if not number or len(number) > dialect.number_length or number != number.strip() or not number.isprintable():
        return False
    return bool(key(number)) and not (dialect.number_digits_only and _NOT_DIGITS.search(number))


def understood(number: str, dialect: Dialect) -> bool:
    """Whether the client reads a number that was given long ago as itself, perhaps while another configuration was chosen.

    One that counts in digits makes six of any number; numbers of no more digits stay apart.
    """
    if dialect.number_digits_only:
        return 0 < len(key(number)) <= dialect.number_length
    return 0 < len(number) <= dialect.number_length


def wishes(own: str, b24_id: int | None, dialect: Dialect) -> Iterator[str]:
    """Numbers to try before any other, best first; each fits."""
    told = (own.strip(), str(b24_id or ""), str(LIFTED + b24_id) if b24_id and b24_id <= MOST - LIFTED else "")
    yield from (number for number in dict.fromkeys(told) if fits(number, dialect))


def give(document: TradeDocument, own: str, dialect: Dialect) -> str:
    """Give the stored document its number, once: whoever asks again, or at the same time, gets the same one.

    `own` is the portal's number ("" = it has none). Raises NoNumberLeft. Works inside the caller's transaction.
    """
    for number in _candidates(document, own, dialect):
        try:
            with transaction.atomic():
                TradeDocument.objects.filter(pk=document.pk, number="").update(number=number)
        except IntegrityError as error:
            if getattr(getattr(error.__cause__, "diag", None), "constraint_name", "") not in _CONSTRAINTS:
                raise
            continue
        document.number = TradeDocument.objects.values_list("number", flat=True).get(pk=document.pk)
        return document.number
    raise NoNumberLeft(f"base {document.base_id}")


def _candidates(document: TradeDocument, own: str, dialect: Dialect) -> Iterator[str]:
    """The wishes that are free, then the next free numbers: each asked for anew, another worker may have taken the last one."""
    for number in wishes(own, document.b24_id, dialect):
        if not _keys(document.base_id).filter(key=key(number)).exists():
            yield number
    for _ in range(_TRIES):
        found = _next_free(document.base_id)
        if found is None:
            return
        yield str(found)


def _keys(base_id: int) -> QuerySet[Any, str]:
    """The keys of the base's numbers."""
    return TradeDocument.objects.filter(~Q(number=""), base=base_id).annotate(key=_KEY).values_list("key", flat=True)


def _next_free(base_id: int) -> int | None:
    """One above the highest that was given, else the lowest gap; None when there is none."""
    six = _keys(base_id).annotate(length=Length("key")).filter(length=6, key__gt=str(LIFTED))
    following = int(six.aggregate(highest=Max("key"))["highest"] or LIFTED) + 1
    if following <= MOST:
        return following
    with connection.cursor() as cursor:
        cursor.execute(_GAP, {"most": MOST, "base": base_id})
        row = cursor.fetchone()
    return int(row[0]) if row else None
