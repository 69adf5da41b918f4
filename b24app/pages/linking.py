"""Linking by hand on the matching page: something of the portal is looked for, what would happen is said, and it is done."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import Http404, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from b24app.frame import FrameRequest, admin_required
from b24app.models import Portal
from b24app.pages.linking_words import effects, refusal
from b24app.pages.matching import WHATS
from b24app.pages.matching_state import Hit, detail_of
from b24app.pages.respond import localized, part
from b24app.rest.errors import RestError
from exchange import tasks
from exchange.imports import joining as goods
from exchange.models import StateRow, TradeDocument, TradeParty
from exchange.planning.joining import Candidate, Outlook
from exchange.settling import joining

_UNANSWERED = (RestError, ValueError, KeyError, TypeError)


@dataclass(frozen=True, slots=True)
class Shown:
    """A candidate with what linking it would do; `refused`: why it cannot be."""

    candidate: Candidate
    refused: str
    effects: list[str]


@require_GET
@admin_required
@localized
def ask(request: FrameRequest, what: str, pk: int) -> HttpResponse:
    """What the portal has that fits the text (at first the object's own name); with `key` what linking that one would do."""
    hit = _hit(request, what, pk)
    text = request.GET.get("text", "" if "key" in request.GET else hit.name).replace("\0", "").strip()[:100]
    return _asked(request, hit, text, request.GET.get("key", ""))


@require_POST
@admin_required
@localized
def link(request: FrameRequest, what: str, pk: int) -> HttpResponse:
    """Link the object of 1C with the chosen one (`key` = "type:id") if that can be; else say why not."""
    hit = _hit(request, what, pk)
    key = request.POST.get("key", "")
    try:
        chosen = _chosen(request.portal, hit, key)
        if chosen is None:
            return _asked(request, hit, "", "", failed=_("That is not there any more. Choose another."), status=422)
        done = _link(request, hit, chosen)
    except _UNANSWERED:
        return _asked(request, hit, "", "", failed=_("Bitrix24 does not answer just now. Nothing was changed."), status=422)
    if done.refused:
        return _asked(request, hit, "", key, failed=refusal(done), status=422)
    if what == "goods":
        tasks.wake_lane(request.portal.pk)
    else:
        tasks.wake_settling(request.portal.pk)
    detail = detail_of(request.portal, what, pk)
    return part(request, "match", {"one": detail}, say=_("They are linked, and both sides are brought in line now."))


def _link(request: FrameRequest, hit: Hit, chosen: Candidate) -> Outlook:
    portal, by = request.portal, f"user:{request.frame_user.user_id}"
    if hit.what == "goods":
        return goods.link(portal, StateRow.objects.get(pk=hit.pk), chosen)
    if hit.what == "documents":
        return joining.link_document(portal, hit.pk, chosen, by)
    return joining.link_party(portal, hit.pk, chosen, by)


def _asked(request: FrameRequest, hit: Hit, text: str, key: str, *, failed: str = "", status: int = 200) -> HttpResponse:
    shown: list[Shown] = []
    try:
        if key and not failed:
            chosen = _chosen(request.portal, hit, key)
            shown = [_shown(request.portal, hit, chosen)] if chosen is not None else []
        elif text:
            shown = [_shown(request.portal, hit, one) for one in _candidates(request.portal, hit, text)]
    except _UNANSWERED:
        failed = _("Bitrix24 does not answer just now. Try again in a minute.")
    sure = shown[0] if key and shown else None
    context = {"hit": hit, "text": text, "shown": shown, "sure": sure, "failed": failed, "looked": bool(text or key)}
    return part(request, "match_link", context, status=status)


def _shown(portal: Portal, hit: Hit, one: Candidate) -> Shown:
    foreseen = _outlook(portal, hit, one)
    return Shown(one, refusal(foreseen), effects(foreseen))


def _outlook(portal: Portal, hit: Hit, one: Candidate) -> Outlook:
    if hit.what == "goods":
        return goods.outlook(portal, StateRow.objects.get(pk=hit.pk), one)
    if hit.what == "documents":
        return joining.outlook_of_document(portal, TradeDocument.objects.get(pk=hit.pk), one)
    return joining.outlook_of_party(TradeParty.objects.get(pk=hit.pk), one)


def _candidates(portal: Portal, hit: Hit, text: str) -> list[Candidate]:
    if hit.what == "goods":
        return goods.products(portal, StateRow.objects.get(pk=hit.pk), text)
    return joining.documents(portal, text) if hit.what == "documents" else joining.parties(portal, text)


def _chosen(portal: Portal, hit: Hit, key: str) -> Candidate | None:
    """The one of this key as the portal has it now; None when there is none."""
    kind, _colon, id = key.partition(":")
    if not (kind.isascii() and kind.isdigit() and id.isascii() and id.isdigit() and len(kind) < 9 and len(id) < 19):
        return None
    if hit.what == "goods":
        return next(iter(goods.products(portal, StateRow.objects.get(pk=hit.pk), b24_id=int(id))), None)
    look = joining.documents if hit.what == "documents" else joining.parties
    return next(iter(look(portal, key=(int(kind), int(id)))), None)


def _hit(request: FrameRequest, what: str, pk: int) -> Hit:
    found = detail_of(request.portal, what, pk) if what in WHATS else None
    if found is None or not found.linkable:
        raise Http404
    return found.hit
