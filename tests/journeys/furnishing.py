"""A portal in the middle of an ordinary day, for pages to show: everything in it is invented."""

from __future__ import annotations

import datetime as dt
import time
from typing import TYPE_CHECKING

from django.utils import timezone

from b24app.lanes import claim, mark_due
from b24app.pages import pace
from b24app.pages.causes import CAUSES
from exchange import sessions, setting_up, tally
from exchange.imports import rehearsals
from exchange.models import ExchangeRequest, StateRow, TradeDocument, TradeParty, UploadedFile
from exchange.observing import observe
from exchange.planning import document_words as words
from exchange.planning.previewed import Counts, Detail, Example, Preview
from exchange.planning.stored import to_data
from exchange.planning.trade import COMPANY, INVOICE, Party, Trade
from exchange.tally import Way
from mapping import links
from tests.b24app.pages.conftest import make_base, make_problem, make_rows, make_run

if TYPE_CHECKING:
    from b24app.models import Portal
    from exchange.models import OneCBase

_GOODS = (120, 48, 310, 0, 12, 560, 90, 75, 130, 40, 0, 22, 400, 360)
_DOCUMENTS = (14, 18, 9, 0, 0, 21, 25, 17, 12, 19, 0, 2, 23, 11)


def furnish(portal: Portal) -> None:
    """One base sends, another is quiet, documents go both ways, a few objects need a person."""
    now = timezone.now()
    agree = {"at": (now - dt.timedelta(minutes=2)).isoformat(), "differ": 0, "missing": 0, "unknown": 0, "complete": True}
    observed = {"reconciled": {**agree, "agree": 12481}, "documents_checked": {**agree, "agree": 3120, "gone": 0}}
    trade = make_base(portal, "Торговля, основная база", "ut11", last_contact_at=now - dt.timedelta(minutes=1), observed=observed)
    make_base(portal, "Производство", "erp2", last_contact_at=now - dt.timedelta(minutes=9))
    make_rows(trade, 640)
    # What earlier looks at the page would have measured.
    pace.backlog(trade.pk, 2480, 10_000, time.time() - 240)
    make_days(trade)
    for number in range(1, 4):
        make_document(trade, number, outgoing_version=1, ready_at=now - dt.timedelta(minutes=3 * number))
    counts = {"new": 12, "changed": 48, "unchanged": 12421}
    make_run(trade, file_name="import0_1.xml", counts=counts)
    make_run(trade, file_name="offers0_1.xml", counts={"changed": 312, "unchanged": 12169, "failed": 3})
    started = now - dt.timedelta(seconds=40)
    make_run(trade, file_name="import0_2.xml", state="reading", size=48_000_000, bytes_read=30_700_000, started_at=started)
    for number, name in enumerate(("Кабель силовой 3×2,5", "Провод установочный 1×4"), 1):
        make_problem(trade, "unknown-unit", number, name=name, facts={"unit": "бухта"})
    make_requests(trade)
    mark_due(portal.pk)
    assert claim("worker")


def furnish_setup(portal: Portal) -> OneCBase:
    """A base in the middle of its set-up: 1C has sent a catalogue, and what the first load would do is known."""
    base = make_base(portal, "Торговля, основная база", "ut11", last_contact_at=timezone.now())
    setting_up.hold(base, "connect")
    session, _ = sessions.open_session(base, "catalog")
    for name, size in (("import0_1.xml", 48_000_000), ("offers0_1.xml", 9_400_000)):
        UploadedFile.objects.create(session=session, name=name, path=name, size=size)
    make_run(base, file_name="import0_1.xml", size=48_000_000, bytes_read=30_700_000, state="reading")
    make_rows(base, 1248)
    goods = StateRow.objects.filter(base=base, kind="product")
    for name, numbers in (("Товар", range(1100)), ("Услуга", range(1100, 1212)), ("Набор", range(1212, 1248))):
        goods.filter(onec_id__in=[f"item-{number}" for number in numbers]).update(main={"item_type": name})
    for number, status in enumerate(("Новый", "К отгрузке", "Оплачен"), 1):
        facts = ((words.ORGANISATION, "ООО «Ромашка»"), (words.ORGANISATION_TAX_ID, "7707083893"))
        side = to_data(Trade(onec_id=f"order-{number}", organisation="org-1", status_name=status, currency="RUB", facts=facts))
        TradeDocument.objects.create(base=base, entity_type_id=INVOICE, onec_id=f"order-{number}", onec_side=side)
    for number, name in enumerate(("Розничная", "Оптовая", "Дилерская"), 1):
        StateRow.objects.create(base=base, kind="price_type", onec_id=f"price-{number}", main={"name": name, "currency": "RUB"})
    for number, name in enumerate(("Основной склад", "Магазин на Садовой"), 1):
        StateRow.objects.create(base=base, kind="warehouse", onec_id=f"store-{number}", main={"name": name})
    return base


def foresee(base: OneCBase) -> None:
    """What a rehearsal would have found by now."""
    found = Preview(
        kinds={
            "sections": Counts(made=38),
            "products": Counts(made=1184, changed=12, matched=52, skipped=3),
            "offers": Counts(made=310),
            "prices": Counts(made=2940, changed=12),
            "stock": Counts(made=1236),
            "pictures": Counts(made=870),
            "price types": Counts(made=2, matched=1),
        },
        troubles={"unknown-unit": 2, "name-missing": 1},
        examples=(
            Example("products", "made", "1", "Кабель силовой 3×2,5", "new", (Detail("article", "КС-325"),)),
            Example("prices", "changed", "2", "Розетка двойная", "changed", (Detail("price:1", "412.50 RUB", "390 RUB"),)),
            Example("products", "matched", "3", "Выключатель одноклавишный", "found"),
            Example("products", "skipped", "4", "Без наименования", "name-missing"),
            Example("offers", "made", "5", "Провод (красный, 100 м)", "new"),
        ),
        unchanged=9,
    )
    observe(base, {"rehearsal": {"state": "done", "of": rehearsals.made_of(base), "found": found.to_json()}})


def furnish_all(portal: Portal, mark: str) -> OneCBase:
    """Something of every kind that a page may show, `mark` in each name; returns the base whose it all is."""
    now = timezone.now()
    told = {"at": now.isoformat(), "agree": 1, "differ": 1, "complete": True}
    base = make_base(portal, f"{mark} база", "ut11", last_contact_at=now, observed={"reconciled": told})
    setting_up.hold(make_base(portal, f"{mark} вторая", "erp2"), "connect")
    StateRow.objects.create(base=base, kind="product", onec_id=f"{mark}-1", main={"name": f"{mark} товар", "article": mark})
    StateRow.objects.create(base=base, kind="price_type", onec_id=f"{mark}-2", main={"name": f"{mark} цена", "currency": "RUB"})
    StateRow.objects.create(base=base, kind="warehouse", onec_id=f"{mark}-3", main={"name": f"{mark} склад"})
    make_run(base, state="failed", file_name=f"{mark}.xml", error=f"{mark}: the file ends too early")
    side = to_data(Party(name=f"{mark} покупатель", tax_id="7707083893"))
    party = TradeParty.objects.create(base=base, entity_type_id=COMPANY, b24_id=1, portal_side=side, onec_side=side)
    links.bind(portal.pk, base.pk, "product", {f"{mark}-1": 1})
    make_document(base, 1, mark=mark, outgoing_version=1, ready_at=now)
    document = make_document(base, 2, mark=mark, outgoing_version=1, ready_at=now, set_aside_at=now)
    make_problems(base, mark, {"document": document.pk, "party": party.pk})
    make_days(base)
    make_requests(base, mark)
    return base


def make_problems(base: OneCBase, mark: str, rows: dict[str, int]) -> None:
    """One problem of each cause there is; `rows` are the document and the party that theirs are about."""
    conflict = {"field": "comment", "part": "", "portal": f"{mark} до обеда", "onec": f"{mark} после обеда"}
    candidates = [{"type": COMPANY, "id": 1, "name": f"{mark} покупатель"}]
    facts = {"name": mark, "unit": mark, "number": "15", "currency": "KZT", "conflicts": [conflict], "candidates": candidates}
    for number, cause in enumerate(CAUSES):
        kind = {"document": "document", "party": "party", "person": "party"}.get(cause.partition("-")[0], "product")
        onec_id = str(rows.get(kind, f"item-{number}"))
        make_problem(base, cause, number, kind=kind, onec_id=onec_id, name=f"{mark} {cause}", facts=facts)
        if kind == "product":
            make_problem(base, cause, 1000 + number, name=f"{mark} {cause}", facts=facts)


def make_days(base: OneCBase) -> None:
    """Two weeks of traffic."""
    now = timezone.now()
    for back, (goods, documents) in enumerate(zip(reversed(_GOODS), reversed(_DOCUMENTS), strict=True)):
        at = now - dt.timedelta(days=back)
        tally.note(base, Way.GOODS, goods, now=at)
        tally.note(base, Way.TO_PORTAL, documents // 2, [1.6] * (documents // 2) + [6.5], now=at)
        tally.note(base, Way.TO_ONEC, documents, [1.1] * documents + [4.2], now=at)


def make_document(base: OneCBase, number: int, *, mark: str = "Счёт", **fields: object) -> TradeDocument:
    """A settled invoice of the portal."""
    side = to_data(Trade(number=str(number), title=f"{mark} {number}", currency="RUB", buyer=(COMPANY, 1)))
    values = {"settled_version": 1, "portal_side": side, "number": str(number), **fields}
    return TradeDocument.objects.create(base=base, entity_type_id=INVOICE, b24_id=number, **values)


def make_requests(base: OneCBase, mark: str = "import0_1") -> None:
    """What 1C asked lately."""
    for mode, name in (("checkauth", ""), ("init", ""), ("file", f"{mark}.xml"), ("import", f"{mark}.xml")):
        ExchangeRequest.objects.create(
            base=base,
            method="POST" if name else "GET",
            type="catalog",
            mode=mode,
            file_name=name,
            answer="success",
            milliseconds=41,
        )
