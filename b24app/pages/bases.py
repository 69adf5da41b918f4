"""The cards of 1C bases: one function per action (setup.py connects new ones); every base is looked up inside the person's own portal."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from b24app.frame import FrameRequest, admin_required
from b24app.lanes import DOCUMENTS, mark_due
from b24app.pages.respond import localized, part
from b24app.pages.state import base_state, bases_of
from exchange import removal, sessions
from exchange.models import OneCBase


@require_GET
@admin_required
@localized
def show(request: FrameRequest, base_id: int) -> HttpResponse:
    """The card of a base as it is at rest."""
    return part(request, "base", {"one": base_state(_base(request, base_id))})


@require_GET
@admin_required
@localized
def guide(request: FrameRequest, base_id: int) -> HttpResponse:
    """The card with the clicks in that 1C."""
    return part(request, "base", {"one": base_state(_base(request, base_id)), "guide": True})


@require_GET
@admin_required
@localized
def ask_password(request: FrameRequest, base_id: int) -> HttpResponse:
    """What a new password would do, and the question (a browser shows no confirm() inside a portal's frame)."""
    return part(request, "base", {"one": base_state(_base(request, base_id)), "asking": "password"})


@require_POST
@admin_required
@localized
def new_password(request: FrameRequest, base_id: int) -> HttpResponse:
    """A new password, shown this once; the old one stops working at once."""
    base = _base(request, base_id)
    password = sessions.new_password(base)
    return part(
        request,
        "base",
        {"one": base_state(base), "password": password, "guide": True},
        say=_("The old password no longer works."),
    )


@require_POST
@admin_required
@localized
def pause(request: FrameRequest, base_id: int) -> HttpResponse:
    """Nothing of this base goes to the portal and 1C is turned away, with the reason, until it is resumed."""
    base = _base(request, base_id)
    base.paused_at = base.paused_at or timezone.now()
    base.save(update_fields=["paused_at"])
    return part(
        request, "base", {"one": base_state(base)}, say=_("Paused. 1C is told so and keeps its changes until you resume.")
    )


@require_POST
@admin_required
@localized
def resume(request: FrameRequest, base_id: int) -> HttpResponse:
    """The base goes on where it was paused."""
    base = _base(request, base_id)
    base.paused_at = None
    base.save(update_fields=["paused_at"])
    mark_due(base.portal_id)
    mark_due(base.portal_id, work=DOCUMENTS)
    return part(request, "base", {"one": base_state(base)}, say=_("The exchange goes on."))


@require_GET
@admin_required
@localized
def ask_removal(request: FrameRequest, base_id: int) -> HttpResponse:
    """What removing would do, and the question."""
    return part(request, "base", {"one": base_state(_base(request, base_id)), "asking": "removal"})


@require_POST
@admin_required
@localized
def remove(request: FrameRequest, base_id: int) -> HttpResponse:
    """The base is gone from the pages and cannot log in any more; its stored rows are deleted in the background."""
    base = _base(request, base_id)
    removal.begin(base)
    first = not bases_of(request.portal).exists()
    return part(request, "base_removed", {"first": first}, say=_("The base “%(name)s” is removed.") % {"name": base.name})


def _base(request: FrameRequest, base_id: int) -> OneCBase:
    base: OneCBase = get_object_or_404(bases_of(request.portal).select_related("portal"), pk=base_id)
    return base
