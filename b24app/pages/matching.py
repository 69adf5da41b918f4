"""Matching: any object of the exchange with its counterpart, and what an administrator can do about it."""

from __future__ import annotations

from django.db import transaction
from django.db.models import F
from django.http import Http404, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from b24app import lanes
from b24app.frame import FrameRequest, admin_required
from b24app.pages.matching_search import Wanted, search
from b24app.pages.matching_state import Detail, detail_of, hits_of
from b24app.pages.respond import localized, page, part
from b24app.pages.state import bases_of
from exchange import history, tasks
from exchange.exports import queue
from exchange.imports.push import retry
from exchange.models import StateRow, TradeDocument, TradeParty
from exchange.settling import due, hear
from exchange.settling.party_rows import KINDS
from mapping import links

WHATS = ("goods", "documents", "parties")


@require_GET
@admin_required
@localized
def matching(request: FrameRequest) -> HttpResponse:
    """The page, or with `text`, `what` and `base` only the rows that were found."""
    wanted = Wanted.of(request.GET.dict())
    found = search(request.portal, wanted)
    hits = hits_of(request.portal, wanted.what, found.ids)
    context = {"wanted": wanted, "hits": hits, "after": found.after, "bases": list(bases_of(request.portal))}
    if "what" in request.GET:
        return part(request, "matching_rows", context)
    return page(request, "matching", context)


@require_GET
@admin_required
@localized
def opened(request: FrameRequest, what: str, pk: int) -> HttpResponse:
    """One object with all that is known of it."""
    return part(request, "match", {"one": _detail(request, what, pk), "asking": "unlink" in request.GET})


@require_POST
@admin_required
@localized
def send(request: FrameRequest, what: str, pk: int) -> HttpResponse:
    """Carry the object to the other side now, however often it failed."""
    one = _detail(request, what, pk)
    if what == "goods":
        row = StateRow.objects.select_related("base").get(pk=pk)
        retry(row.base, row.kind, [row.onec_id])
        lanes.mark_due(request.portal.pk)
        tasks.wake_lane(request.portal.pk)
    else:
        rows = TradeDocument.objects.filter(pk=pk) if what == "documents" else TradeParty.objects.filter(pk=pk)
        key = rows.values_list("entity_type_id", "b24_id").get()
        with transaction.atomic():
            history.note(rows.model, {pk: [history.deed("sent", _by(request))]})
        due.retry(rows, request.portal.pk)
        if key[1] is not None:
            hear.note(request.portal.pk, [(key[0], key[1])])
        if what == "documents":
            queue.retry_many(one.hit.base, [pk])
        tasks.wake_settling(request.portal.pk)
    return part(request, "match", {"one": _detail(request, what, pk)}, say=_("It is on its way."))


@require_POST
@admin_required
@localized
def unlink(request: FrameRequest, what: str, pk: int) -> HttpResponse:
    """Forget which two objects belong together; both stay as they are."""
    _detail(request, what, pk)
    with transaction.atomic():
        if what == "goods":
            row = StateRow.objects.select_for_update().get(pk=pk)
            links.unbind(request.portal.pk, row.base_id, row.kind, [row.onec_id])
            StateRow.objects.filter(pk=pk).update(known=None)
            lanes.outdate(request.portal.pk)
        elif what == "documents":
            document = TradeDocument.objects.select_for_update(of=("self",)).select_related("base__portal").get(pk=pk)
            queue.withdraw(document)
            history.note(TradeDocument, {pk: [history.deed("unlinked", _by(request), f"№ {document.b24_id}")]})
            TradeDocument.objects.filter(pk=pk).update(b24_id=None, portal_side=None, agreed=None, settled_version=F("version"))
        else:
            party = TradeParty.objects.select_for_update().get(pk=pk)
            if party.onec_id and party.entity_type_id in KINDS:
                links.unbind(request.portal.pk, party.base_id, KINDS[party.entity_type_id], [party.onec_id])
            history.note(TradeParty, {pk: [history.deed("unlinked", _by(request), f"№ {party.b24_id}")]})
            TradeParty.objects.filter(pk=pk).update(b24_id=None, portal_side=None, agreed=None, settled_version=F("version"))
        if what != "goods":
            lanes.outdate(request.portal.pk, lanes.DOCUMENTS)
    return part(request, "match", {"one": _detail(request, what, pk)}, say=_("The link is gone; both objects are still there."))


def _by(request: FrameRequest) -> str:
    return f"user:{request.frame_user.user_id}"


def _detail(request: FrameRequest, what: str, pk: int) -> Detail:
    found = detail_of(request.portal, what, pk) if what in WHATS else None
    if found is None:
        raise Http404
    return found
