"""What a person decides about goods that a full export no longer names, when they are too many to be switched off unasked."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from b24app.frame import FrameRequest, admin_required
from b24app.pages.respond import announce, localized
from exchange.imports.absence import CAUSE, confirm_absent, dismiss_absent
from exchange.models import Problem


@require_POST
@admin_required
@localized
def switch_off(request: FrameRequest, problem_id: int) -> HttpResponse:
    """They are really gone: switch them off in the portal."""
    count = confirm_absent(_problem(request, problem_id))
    say = ngettext("%(count)d object will be switched off.", "%(count)d objects will be switched off.", count) % {"count": count}
    return announce(HttpResponse(status=204), say)


@require_POST
@admin_required
@localized
def leave(request: FrameRequest, problem_id: int) -> HttpResponse:
    """They stay as they are, and are not asked about again."""
    count = dismiss_absent(_problem(request, problem_id))
    say = ngettext("%(count)d object stays as it is.", "%(count)d objects stay as they are.", count) % {"count": count}
    return announce(HttpResponse(status=204), say)


def _problem(request: FrameRequest, problem_id: int) -> Problem:
    open_ones = Problem.objects.filter(portal=request.portal, cause=CAUSE, closed_at=None, base__isnull=False)
    return get_object_or_404(open_ones.select_related("base", "portal"), pk=problem_id)
