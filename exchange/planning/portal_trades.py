"""The portal's document in the words both sides share: a CRM item with its product rows → Trade. Pure.

REST shapes: crm.item.list (types 2 and 31) and crm.item.productrow.list. Dates are the portal's own and compared as days (it moves
dates without a time to a fixed hour of its zone).
"""

from __future__ import annotations

import datetime as dt
import html
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from exchange.planning.effects import Stage
from exchange.planning.rows import lines_from_rows
from exchange.planning.trade import COMPANY, CONTACT, INVOICE, Line, Trade

_COMMON: Final = (
    "id",
    "title",
    "createdTime",
    "updatedTime",
    "assignedById",
    "categoryId",
    "stageId",
    "companyId",
    "contactId",
    "currencyId",
    "opportunity",
    "isManualOpportunity",
    "comments",
    "begindate",
    "closedate",
)
FIELDS: Final[Mapping[int, tuple[str, ...]]] = {
    2: (*_COMMON, "originatorId", "originId"),
    31: (*_COMMON, "xmlId", "accountNumber", "mycompanyId"),
}
_SERVICE: Final = 7  # the portal's type of product
_BREAK: Final = re.compile(r"<br\s*/?>|</p>|</div>|</li>|\[br\]|\[/p\]|\[/\*\]", re.IGNORECASE)
_ITEM: Final = re.compile(r"<li[^>]*>|\[\*\]", re.IGNORECASE)
_TAG: Final = re.compile(r"<[a-zA-Z/!][^>]*>")
# The BB codes the portal's editor makes; other brackets are people's own.
_BB: Final = re.compile(
    r"\[/?(?:b|i|u|s|p|url|user|img|list|ul|ol|li|font|size|color|quote|code|left|right|center|justify|table|tr|td|th|"
    r"spoiler|disk file id|video)(?:[ =][^\]]*)?\]",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Fresh:
    """A document as just read: the item, its rows, and the requisites it names (crm.requisite.link; 0 = none)."""

    item: Mapping[str, Any]
    rows: tuple[Mapping[str, Any], ...] = ()
    requisite_id: int = 0
    my_requisite_id: int = 0
    my_company_id: int = 0


@dataclass(frozen=True, slots=True)
class Words:
    """What turns the portal's ids into shared words: 1C's ids and articles of its products, and the stages of the pipeline."""

    item_ids: Mapping[int, str] = field(default_factory=dict)
    articles: Mapping[int, str] = field(default_factory=dict)
    stages: Sequence[Stage] = ()


def trade_from(fresh: Fresh, entity_type_id: int, words: Words, before: Trade | None, known: Sequence[Line] = ()) -> Trade:
    """The document; `before` is what the portal had when it was last read, `known` the lines whose money is known exactly.

    A stage of failure is a cancellation; leaving it again is one taken back. A document that was never there says nothing about it.
    """
    item = fresh.item
    created = str(item.get("createdTime") or "")
    day = day_of(item.get("begindate")) or day_of(created)
    stage = next((stage for stage in words.stages if stage.id == item.get("stageId")), None)
    failed = stage is not None and stage.semantics == "F"
    said_before = before is not None and before.cancelled is not None
    company, contact = whole(item.get("companyId")), whole(item.get("contactId"))
    invoice = entity_type_id == INVOICE
    currency = str(item.get("currencyId") or "")
    return Trade(
        number=str(item.get("accountNumber") or "") if invoice else "",
        date=day,
        time=_time_of(created) if day == day_of(created) else None,
        currency=currency,
        amount=number(item.get("opportunity")),
        lines=lines_of(fresh, currency, words, known),
        comment=plain_text(str(item.get("comments") or "")),
        buyer=(COMPANY, company) if company else (CONTACT, contact) if contact else None,
        contact_id=contact if company else 0,
        my_company_id=whole(item.get("mycompanyId")) or fresh.my_company_id,
        pay_until=day_of(item.get("closedate")) if invoice else None,
        cancelled=True if failed else False if said_before else None,
        category_id=whole(item.get("categoryId")),
        stage_id=str(item.get("stageId") or ""),
        responsible_id=whole(item.get("assignedById")),
        title=str(item.get("title") or ""),
        updated_at=str(item.get("updatedTime") or ""),
    )


def lines_of(fresh: Fresh, currency: str, words: Words, known: Sequence[Line]) -> tuple[Line, ...]:
    """The rows as lines with 1C's ids; a product that the base does not know is a free line with its article and name."""
    opportunity = number(fresh.item.get("opportunity")) if fresh.item.get("isManualOpportunity") != "Y" else None
    rows = {whole(row.get("id")): row for row in fresh.rows}
    return tuple(
        replace(
            line,
            item_id=words.item_ids.get(line.product_id, ""),
            article=words.articles.get(line.product_id, "") or line.article,
            service=whole(rows.get(line.row_id, {}).get("type")) == _SERVICE or line.service,
        )
        for line in lines_from_rows(fresh.rows, currency, known, opportunity)
    )


def product_ids(fresh: Fresh) -> set[int]:
    """The products the rows name."""
    return {whole(row.get("productId")) for row in fresh.rows} - {0}


def plain_text(text: str) -> str:
    """A comment without the editor's HTML and BB codes: 1C shows them as they are written."""
    if "<" in text or "[" in text or "&" in text:
        text = _ITEM.sub("\n- ", _BREAK.sub("\n", text))
        text = html.unescape(_BB.sub("", _TAG.sub("", text)))
    lines = [" ".join(line.replace("\xa0", " ").split()) for line in text.splitlines()]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def day_of(value: Any) -> dt.date | None:
    """The day of a date of the portal's, in its own zone; None for none."""
    try:
        return dt.date.fromisoformat(str(value or "")[:10])
    except ValueError:
        return None


def _time_of(value: str) -> dt.time | None:
    try:
        return dt.datetime.fromisoformat(value).time().replace(microsecond=0)
    except ValueError:
        return None


def whole(value: Any) -> int:
    """An id of the portal's: it writes "12", 12, null, "" and 0."""
    try:
        return int(value or 0)
    except (TypeError, ValueError):
        return 0


def number(value: Any) -> Decimal:
    """An amount of the portal's JSON; 0 for none."""
    try:
        return Decimal(str(value)) if value not in (None, "") else Decimal(0)
    except InvalidOperation:
        return Decimal(0)
