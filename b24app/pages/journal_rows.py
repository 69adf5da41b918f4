"""The journal as one list by time: what 1C asked and was told, what the portal was asked and answered, both masked when they were kept."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.db.models import Q, QuerySet

from b24app.models import Portal, RestCall
from exchange.models import ExchangeRequest

PAGE: Final = 50
ONEC, REST = "onec", "rest"
# What one download holds at most.
DOWNLOAD_ROWS: Final = 20_000
_READABLE: Final = 200_000


@dataclass(frozen=True, slots=True)
class Search:
    """What the person looks for; `before` is where the last page ended."""

    text: str = ""
    side: str = ""
    base_id: int = 0
    only_errors: bool = False
    since: dt.datetime | None = None
    until: dt.datetime | None = None
    before: str = ""

    @classmethod
    def from_form(cls, form: Mapping[str, str], zone: dt.tzinfo) -> Search:
        """The search of a form; what makes no sense in it is left out."""
        base, side = form.get("base", ""), form.get("side", "")
        return cls(
            text=form.get("text", "").replace("\0", "").strip()[:100],
            side=side if side in (ONEC, REST) else "",
            base_id=int(base) if base.isdecimal() and len(base) < 18 else 0,
            only_errors=form.get("errors") == "on",
            since=_moment(form.get("since", ""), zone),
            until=_moment(form.get("until", ""), zone),
            before=form.get("before", "")[:80],
        )


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the list."""

    id: str
    at: dt.datetime
    side: str
    title: str
    detail: str
    failed: bool
    milliseconds: int
    base: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line opened: what was asked and what came back."""

    row: Row
    asked: str
    answered: str


def rows(portal: Portal, search: Search, limit: int = PAGE) -> tuple[list[Row], str]:
    """The newest rows before `search.before`, and where the next page begins ("" = this is all)."""
    found: list[Row] = []
    if search.side != REST:
        onec = _onec(portal, search).order_by("-at", "-pk")[: limit + 1]
        found += [_onec_row(one) for one in onec]
    if search.side != ONEC and not search.base_id:
        found += [_rest_row(one) for one in _rest(portal, search).order_by("-at", "-pk").defer("request", "answer")[: limit + 1]]
    found.sort(key=lambda row: (row.at, row.side, int(row.id.rpartition("-")[2])), reverse=True)
    more = len(found) > limit
    return found[:limit], (f"{found[limit - 1].at.isoformat()}/{found[limit - 1].id}" if more else "")


def entry(portal: Portal, row_id: str) -> Entry | None:
    """One row with its request and answer; None when it is not this portal's or is gone."""
    side, _, number = row_id.partition("-")
    if not number.isdecimal() or len(number) > 18:
        return None
    if side == ONEC:
        one = ExchangeRequest.objects.filter(base__portal=portal, pk=int(number)).select_related("base").first()
        return Entry(_onec_row(one), _asked_by_onec(one), one.answer) if one else None
    call = RestCall.objects.filter(portal=portal, pk=int(number)).first()
    return Entry(_rest_row(call), _readable(call.request), _readable(call.answer)) if call else None


def lines(portal: Portal, search: Search) -> Iterator[str]:
    """The found rows with requests and answers as JSON lines, newest first, for whoever is to help."""
    told, before = 0, search.before
    while told < DOWNLOAD_ROWS:
        page, following = rows(portal, Search(**{**_fields(search), "before": before}), 500)
        for row in page:
            opened = entry(portal, row.id)
            if opened is not None:
                yield json.dumps(_plain(opened), ensure_ascii=False) + "\n"
        told += len(page)
        if not following:
            return
        before = following


def _fields(search: Search) -> dict[str, Any]:
    return {name: getattr(search, name) for name in Search.__slots__}


def _plain(opened: Entry) -> dict[str, Any]:
    row = opened.row
    return {
        "at": row.at.isoformat(),
        "side": row.side,
        "base": row.base,
        "what": row.title,
        "failed": row.failed,
        "milliseconds": row.milliseconds,
        "request": opened.asked,
        "answer": opened.answered,
    }


def _onec(portal: Portal, search: Search) -> QuerySet[ExchangeRequest]:
    found = ExchangeRequest.objects.filter(base__portal=portal).select_related("base")
    if search.base_id:
        found = found.filter(base_id=search.base_id)
    if search.only_errors:
        found = found.filter(answer__startswith="failure")
    found = _with_text(found, search, "file_name__icontains", "answer__icontains", "mode__iexact", "type__iexact")
    return _in_time(found, search, ONEC)


def _rest(portal: Portal, search: Search) -> QuerySet[RestCall]:
    found = RestCall.objects.filter(portal=portal)
    if search.only_errors:
        found = found.exclude(error="")
    found = _with_text(found, search, "method__icontains", "error__icontains", "request__icontains", "answer__icontains")
    return _in_time(found, search, REST)


def _with_text(found: QuerySet[Any], search: Search, *lookups: str) -> QuerySet[Any]:
    """Where any of the lookups finds the text that is searched for, if any is."""
    return found.filter(Q(*((lookup, search.text) for lookup in lookups), _connector=Q.OR)) if search.text else found


def _in_time(found: QuerySet[Any], search: Search, side: str) -> QuerySet[Any]:
    """Within the asked times, and before the row where the last page ended (rows of one moment are ordered by their id)."""
    if search.since:
        found = found.filter(at__gte=search.since)
    if search.until:
        found = found.filter(at__lt=search.until)
    moment, _, row_id = search.before.partition("/")
    last_side, _, number = row_id.partition("-")
    try:
        at = dt.datetime.fromisoformat(moment)
    except ValueError:
        return found
    if side == last_side and number.isdecimal() and len(number) < 18:
        return found.filter(Q(at__lt=at) | Q(at=at, pk__lt=int(number)))
    # Of one moment "rest-…" stands before "onec-…".
    return found.filter(at__lte=at) if side < last_side else found.filter(at__lt=at)


def _onec_row(one: ExchangeRequest) -> Row:
    words = one.answer.strip().split("\n", 1)
    title = f"{one.type} · {one.mode}" if one.mode else one.type
    failed = words[0].strip().lower().startswith("failure")
    return Row(
        f"{ONEC}-{one.pk}",
        one.at,
        ONEC,
        title,
        one.file_name or " ".join(one.answer.split())[:160],
        failed,
        one.milliseconds,
        one.base.name if one.base else "",
    )


def _rest_row(one: RestCall) -> Row:
    detail = one.error or (str(one.status) if one.status != 200 else "")
    title = f"{one.method} × {one.commands}" if one.commands > 1 else one.method
    return Row(f"{REST}-{one.pk}", one.at, REST, title, detail, bool(one.error), one.milliseconds)


def _asked_by_onec(one: ExchangeRequest) -> str:
    query = "&".join(
        f"{name}={value}" for name, value in (("type", one.type), ("mode", one.mode), ("filename", one.file_name)) if value
    )
    size = f"\n{one.size} bytes" if one.size else ""
    return f"{one.method} ?{query}{size}"


def _readable(text: str) -> str:
    """JSON laid out for people; anything else as it is."""
    if len(text) > _READABLE:
        return text
    try:
        return json.dumps(json.loads(text), ensure_ascii=False, indent=2)
    except ValueError:
        return text


def _moment(text: str, zone: dt.tzinfo) -> dt.datetime | None:
    """A moment of a datetime-local field, in the portal's time."""
    try:
        moment = dt.datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=zone)
