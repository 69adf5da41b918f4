"""What the matching page shows of an object: its link, its state, both sides' values, and what is kept of its history."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

from django.utils.translation import gettext as _

from b24app.models import Portal
from b24app.pages import causes, compared
from b24app.pages.decision_state import Decision, decisions_of
from b24app.pages.matching_history import Happened, happened
from b24app.pages.matching_search import GOODS
from b24app.pages.state import moment
from exchange.imports.joining import is_linkable
from exchange.models import OneCBase, Problem, ServedDocument, StateRow, TradeDocument, TradeParty
from exchange.planning.stored import from_data
from exchange.planning.trade import Trade
from mapping import links

HISTORY_SHOWN = 10


@dataclass(frozen=True, slots=True)
class Hit:
    """One object. `condition`: well, waiting (to be carried), failing (it waits after a failure) or unlinked."""

    pk: int
    what: str
    base: OneCBase
    name: str
    facts: list[tuple[str, str]]
    b24_id: int | None
    onec_id: str
    condition: str
    at: str


@dataclass(frozen=True, slots=True)
class Told:
    problem: Problem
    title: str
    detail: str
    decision: Decision | None


@dataclass(frozen=True, slots=True)
class Detail:
    """One object with all that is known of it."""

    hit: Hit
    values: list[compared.Compared]
    history: list[tuple[str, str]] = field(default_factory=list)
    problems: list[Told] = field(default_factory=list)
    changes: list[Happened] = field(default_factory=list)
    linkable: bool = False


def hits_of(portal: Portal, what: str, ids: Collection[int]) -> list[Hit]:
    """These objects of the portal, in the order of their ids."""
    if what == "goods":
        return _goods(
            portal, list(StateRow.objects.filter(pk__in=ids, base__portal=portal, kind__in=GOODS).select_related("base"))
        )
    if what == "documents":
        documents = TradeDocument.objects.filter(pk__in=ids, base__portal=portal).select_related("base").order_by("id")
        return [_document(row) for row in documents]
    parties = TradeParty.objects.filter(pk__in=ids, base__portal=portal).select_related("base").order_by("id")
    return [_party(row) for row in parties]


def detail_of(portal: Portal, what: str, pk: int) -> Detail | None:
    """One object of the portal; None when it is none of its own."""
    found = hits_of(portal, what, [pk])
    if not found:
        return None
    hit = found[0]
    if what == "goods":
        return _goods_detail(hit)
    if what == "documents":
        row = TradeDocument.objects.get(pk=pk)
        values = compared.document(row.portal_side, row.onec_side, row.agreed)
        served = ServedDocument.objects.filter(document=row).order_by("-id")[:HISTORY_SHOWN]
        history = [(_("Made known"), moment(row.created_at)), (_("Last change"), moment(row.changed_at))]
        history += [(_("Ready for 1C"), moment(row.ready_at))] if row.ready_at else []
        history += [(_("Given to 1C, version %(version)d") % {"version": one.version}, moment(one.served_at)) for one in served]
        history += [(_("Confirmed by 1C"), moment(row.acknowledged_at))] if row.acknowledged_at else []
        return Detail(hit, values, history, _problems(hit, "document", str(pk)), happened(portal, row.known), bool(row.onec_id))
    party = TradeParty.objects.get(pk=pk)
    history = [(_("Made known"), moment(party.created_at)), (_("Last change"), moment(party.changed_at))]
    values = compared.party(party.portal_side, party.onec_side, party.agreed)
    return Detail(hit, values, history, _problems(hit, "party", str(pk)), happened(portal, party.known), bool(party.onec_id))


def _goods(portal: Portal, rows: list[StateRow]) -> list[Hit]:
    found: dict[tuple[int, str], dict[str, int]] = {}
    for base_id, kind in {(row.base_id, row.kind) for row in rows}:
        wanted = [row.onec_id for row in rows if (row.base_id, row.kind) == (base_id, kind)]
        found[base_id, kind] = links.to_b24(portal.pk, base_id, kind, wanted)
    return [_item(row, found[row.base_id, row.kind].get(row.onec_id)) for row in sorted(rows, key=lambda row: row.pk)]


def _item(row: StateRow, b24_id: int | None) -> Hit:
    main = row.main or {}
    facts = [(_("Article"), str(main.get("article") or "")), (_("Code"), str(main.get("code") or ""))]
    due = row.pushed_version < row.version
    condition = "failing" if row.failures else "waiting" if due else "well" if b24_id else "unlinked"
    kept = [(name, text) for name, text in facts if text]
    return Hit(
        row.pk,
        "goods",
        row.base,
        str(main.get("name") or row.onec_id),
        kept,
        b24_id,
        row.onec_id,
        condition,
        moment(row.changed_at),
    )


def _goods_detail(hit: Hit) -> Detail:
    row = StateRow.objects.select_related("run").get(pk=hit.pk)
    main, stock = row.main or {}, row.stock or {}
    told = [("name", main.get("name")), ("article", main.get("article")), ("code", main.get("code"))]
    told += [("prices", [f"{price[1]} {price[2] or ''}".strip() for price in row.prices or ()]), ("stock", stock.get("total"))]
    known = row.known or {}
    values = [
        compared.Compared(name, compared.shown(known.get(name)), compared.shown(value), "") for name, value in told if value
    ]
    history = [
        (_("Last change"), moment(row.changed_at)),
        (_("Version in 1C / in Bitrix24"), f"{row.version} / {row.pushed_version}"),
    ]
    if row.run is not None:
        history.append((_("From the file %(name)s") % {"name": row.run.file_name}, moment(row.run.created_at)))
    if row.not_before is not None:
        history.append((_("Tried again"), moment(row.not_before)))
    return Detail(hit, values, history, _problems(hit, row.kind, row.onec_id), linkable=is_linkable(row))


def _condition(row: TradeDocument | TradeParty) -> str:
    if row.failures or (isinstance(row, TradeDocument) and row.set_aside_at is not None):
        return "failing"
    if row.settled_version < row.version:
        return "waiting"
    return "well" if row.b24_id and row.onec_id else "unlinked"


def _document(row: TradeDocument) -> Hit:
    side = from_data(Trade, row.portal_side or row.onec_side or {})
    onec = from_data(Trade, row.onec_side or {})
    told = [
        (_("Number for 1C"), row.number),
        (_("Number in 1C"), onec.onec_number),
        (_("Sum"), compared.money(side.amount, side.currency)),
    ]
    facts = [(name, text) for name, text in told if text]
    name = side.title or f"№ {row.number or onec.onec_number or row.onec_id or row.b24_id}"
    return Hit(row.pk, "documents", row.base, name, facts, row.b24_id, row.onec_id, _condition(row), moment(row.changed_at))


def _party(row: TradeParty) -> Hit:
    side = row.onec_side or row.portal_side or {}
    facts = [(_("Tax number"), str(side["tax_id"]))] if side.get("tax_id") else []
    onec_id = row.onec_id or row.given_id
    return Hit(
        row.pk,
        "parties",
        row.base,
        str(side.get("name") or onec_id),
        facts,
        row.b24_id,
        onec_id,
        _condition(row),
        moment(row.changed_at),
    )


def _problems(hit: Hit, kind: str, onec_id: str) -> list[Told]:
    found = Problem.objects.filter(portal=hit.base.portal_id, base=hit.base, kind=kind, onec_id=onec_id, closed_at=None)
    problems = list(found.order_by("id"))
    decisions = decisions_of(problems)
    return [Told(one, causes.title(one.cause, 1), causes.detail(one.cause, one.facts), decisions.get(one.pk)) for one in problems]
