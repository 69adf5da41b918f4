"""Settings of a base: sections with what is set now, each a small form that shows what a change would do before it is saved."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from b24app.frame import FrameRequest, admin_required
from b24app.pages.respond import announce, localized, page, part
from b24app.pages.sections import SECTIONS, section_of
from b24app.pages.sections.difference import differences
from b24app.pages.sections.saving import Saved, author_of, save, would_be
from b24app.pages.sections.scene import Scene, scene_of
from b24app.pages.sections.section import Section, Typed
from b24app.pages.state import bases_of
from exchange.models import OneCBase
from exchange.settling import choices
from exchange.settling.what_if import what_if


@require_GET
@admin_required
@localized
def settings(request: FrameRequest) -> HttpResponse:
    """The sections of a base (`base`; else the first one) with what is set in each."""
    bases = list(bases_of(request.portal).select_related("portal"))
    wanted = request.GET.get("base", "")
    if wanted and not wanted.isdecimal():
        raise Http404
    base = next((one for one in bases if not wanted or one.pk == int(wanted)), None)
    if wanted and base is None:
        raise Http404
    return _list(request, bases, base)


@require_GET
@admin_required
@localized
def section(request: FrameRequest, base_id: int, slug: str) -> HttpResponse:
    """One section, ready to be changed."""
    base, one = base_of(request, base_id), known(slug)
    choices.refresh(request.portal, anew="anew" in request.GET)
    scene = scene_of(base)
    return _section(request, one, scene, one.fields(scene, None))


@require_POST
@admin_required
@localized
def save_section(request: FrameRequest, base_id: int, slug: str) -> HttpResponse:
    """Save what was typed; what cannot be taken comes back with the reasons (422)."""
    base, one = base_of(request, base_id), known(slug)
    scene = scene_of(base)
    read = one.read(request.POST, scene)
    if read.errors:
        more = {"errors": read.errors, "refused": True}
        return _section(request, one, scene, {**one.fields(scene, request.POST), **more}, status=422)
    saved = save(base, read.changes, author=author_of(request.frame_user))
    scene = scene_of(base)
    context = {**one.fields(scene, None), "saved": saved, "changes": differences(saved.before, saved.after, scene.facts)}
    say = _("Saved: it holds from now on.") if saved.changed else _("Nothing was changed.")
    return announce(_section(request, one, scene, context), say)


@require_POST
@admin_required
@localized
def look_ahead(request: FrameRequest, base_id: int, slug: str) -> HttpResponse:
    """What saving what was typed would change and do; nothing is saved."""
    base, one = base_of(request, base_id), known(slug)
    scene = scene_of(base)
    return part(request, "settings_ahead", _ahead(request.POST, one, scene))


def _ahead(typed: Typed, one: Section, scene: Scene) -> dict[str, Any]:
    read = one.read(typed, scene)
    if read.errors:
        return {"errors": read.errors}
    return foreseen(scene, would_be(scene.base, read.changes))


def foreseen(scene: Scene, saved: Saved) -> dict[str, Any]:
    """What a change is in words, and what it would do to objects of both sides."""
    if not saved.changed:
        return {"nothing": True}
    ahead = what_if(scene.portal, scene.base, saved.before, saved.after)
    return {"changes": differences(saved.before, saved.after, scene.facts), "ahead": ahead}


def _list(request: FrameRequest, bases: list[OneCBase], base: OneCBase | None) -> HttpResponse:
    context: dict[str, Any] = {"bases": bases, "base": base}
    if base is not None:
        scene = scene_of(base)
        context["sections"] = [
            {"slug": one.slug, "title": _(one.title), "explains": _(one.explains), "says": one.says(scene.rules, scene)}
            for one in SECTIONS
        ]
    return page(request, "settings", context)


def _section(request: FrameRequest, one: Section, scene: Scene, context: dict[str, Any], status: int = 200) -> HttpResponse:
    own = {
        "base": scene.base,
        "scene": scene,
        "section": one,
        "title": _(one.title),
        "explains": _(one.explains),
        "several": several(request),
        "portal_failed": scene.facts.portal.failed,
    }
    return page(request, "settings_section", {**own, **context}, status=status)


def several(request: FrameRequest) -> bool:
    """Whether the portal has more bases than one, so that a page must say whose settings it shows."""
    return bases_of(request.portal).count() > 1


def base_of(request: FrameRequest, base_id: int) -> OneCBase:
    """The base of the person's own portal; 404 for any other."""
    base: OneCBase = get_object_or_404(bases_of(request.portal).select_related("portal"), pk=base_id)
    return base


def known(slug: str) -> Section:
    """The section of that address; 404 when there is none."""
    one = section_of(slug)
    if one is None:
        raise Http404
    return one
