"""Checking on demand that a base and the portal agree; the work is done in the background."""

from __future__ import annotations

from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from b24app.frame import FrameRequest, admin_required
from b24app.pages.respond import announce, localized
from b24app.pages.state import bases_of
from exchange import tasks
from exchange.settling import checking


@require_POST
@admin_required
@localized
def check(request: FrameRequest, base_id: int) -> HttpResponse:
    """Look at every item and document of the base in the portal again; nothing is written."""
    return _begin(request, base_id, mend=False)


@require_POST
@admin_required
@localized
def mend(request: FrameRequest, base_id: int) -> HttpResponse:
    """Check anew, and write to the portal what 1C wants wherever it differs."""
    return _begin(request, base_id, mend=True)


def _begin(request: FrameRequest, base_id: int, *, mend: bool) -> HttpResponse:
    base = get_object_or_404(bases_of(request.portal), pk=base_id)
    if not checking.begin(base):
        return announce(HttpResponse(status=204), _("A check is under way already."))
    transaction.on_commit(lambda: tasks.wake_check(base.pk, mend=mend))
    return announce(HttpResponse(status=204), _("The check has begun. You may close this page: it goes on without it."))
