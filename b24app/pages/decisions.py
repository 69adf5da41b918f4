"""What an administrator decides about a problem where he reads of it: whose values hold, who a buyer is, at which rate a currency is made."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Literal

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from b24app.frame import FrameRequest, admin_required
from b24app.lanes import mark_due
from b24app.pages.decision_state import CURRENCY, Decision
from b24app.pages.respond import announce, localized, part
from exchange import tasks
from exchange.imports.currencies import allow_currency
from exchange.models import Problem
from exchange.settling import deciding, party_choices

Side = Literal["portal", "onec"]


@require_POST
@admin_required
@localized
def take_side(request: FrameRequest, problem_id: int) -> HttpResponse:
    """One side's values hold (`side` = portal or onec)."""
    problem = _problem(request, problem_id)
    sides: dict[str, Side] = {"portal": "portal", "onec": "onec"}
    side = sides.get(request.POST.get("side", ""))
    if side is None:
        return HttpResponse(status=400)
    try:
        done = _decided(problem, side)
    except party_choices.NotToDecide:
        done = False
    if not done:
        return announce(HttpResponse(status=204), _("There is nothing to decide here any more."))
    tasks.wake_settling(request.portal.pk)
    if side == "onec":
        return announce(HttpResponse(status=204), _("1C's values hold: Bitrix24 gets them now."))
    return announce(HttpResponse(status=204), _("The portal's values hold: 1C gets them at its next exchange."))


def _decided(problem: Problem, side: Side) -> bool:
    if problem.kind == "party":
        party_choices.decide(problem, side)
        return True
    if problem.cause == "document-not-taken" and side == "portal":
        return False
    return deciding.decide(problem, side)


@require_POST
@admin_required
@localized
def choose(request: FrameRequest, problem_id: int) -> HttpResponse:
    """The counterparty is this company or contact (`key` = "type:id"), or none of them (`key` = "new")."""
    problem = _problem(request, problem_id)
    kind, _colon, id = request.POST.get("key", "").partition(":")
    new = kind == "new"
    if not new and not (kind.isdecimal() and id.isdecimal() and len(kind) < 9 and len(id) < 19):
        return HttpResponse(status=400)
    try:
        party_choices.choose_candidate(problem, None if new else (int(kind), int(id)))
    except party_choices.NotToDecide:
        return announce(HttpResponse(status=204), _("There is nothing to decide here any more."))
    tasks.wake_settling(request.portal.pk)
    say = _("A new one is made in Bitrix24.") if new else _("They are linked, and documents that waited go on.")
    return announce(HttpResponse(status=204), say)


@require_POST
@admin_required
@localized
def currency(request: FrameRequest, problem_id: int) -> HttpResponseBase:
    """Make the currency of the problem in the portal at the rate that the person gave; the prices that wait for it go on."""
    problem = get_object_or_404(_open(request).filter(cause=CURRENCY, base__isnull=False), pk=problem_id)
    code, written = str(problem.facts.get("currency") or ""), request.POST.get("rate", "").strip()[:30]
    rate = _rate(written)
    context = {"problem": problem, "decision": Decision("currency", code=code), "rate": written}
    if rate is None or problem.base is None:
        return part(request, "currency", {**context, "error": _("Write a number above zero, such as 92.50.")}, status=422)
    try:
        count = allow_currency(problem.base, code, rate, author=f"user:{request.frame_user.user_id}")
    except ValueError:
        return part(request, "currency", {**context, "error": _("Bitrix24 cannot have this currency at this rate.")}, status=422)
    mark_due(request.portal.pk)
    tasks.wake_lane(request.portal.pk)
    say = ngettext(
        "The currency is made, and %(count)d item goes again.", "The currency is made, and %(count)d items go again.", count
    )
    return part(request, "currency", {**context, "done": True}, say=say % {"count": count})


def _rate(written: str) -> str | None:
    try:
        rate = Decimal(written.replace(" ", "").replace("\u00a0", "").replace(",", "."))
    except InvalidOperation:
        return None
    return format(rate, "f") if rate.is_finite() and 0 < rate < 10**9 and rate > Decimal("0.000001") else None


def _open(request: FrameRequest):  # type: ignore[no-untyped-def]
    return Problem.objects.filter(portal=request.portal, closed_at=None).select_related("base", "portal")


def _problem(request: FrameRequest, problem_id: int) -> Problem:
    found: Problem = get_object_or_404(_open(request), pk=problem_id)
    return found
