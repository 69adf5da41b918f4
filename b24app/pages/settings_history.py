"""Versions of a base's settings: looked at, put back, written into a file and brought from one."""

from __future__ import annotations

import json
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from b24app.frame import FrameRequest, admin_required
from b24app.pages.respond import announce, localized, page, part
from b24app.pages.sections.difference import differences
from b24app.pages.sections.file import LARGEST, Fitted, NotSettings, fitted, read_file, rules_in, written
from b24app.pages.sections.history import versions
from b24app.pages.sections.saving import Saved, author_of, put
from b24app.pages.sections.scene import Scene, scene_of
from b24app.pages.settings import base_of, foreseen, several
from exchange.settling import choices
from mapping.models import RuleSet
from mapping.rules import Rules, from_data, to_data


@require_GET
@admin_required
@localized
def history(request: FrameRequest, base_id: int) -> HttpResponse:
    """The versions, newest first; with `before` the next ones of them."""
    base = base_of(request, base_id)
    told = request.GET.get("before", "")
    if told and not (told.isascii() and told.isdecimal() and len(told) < 10):
        raise Http404
    return _history(request, scene_of(base), int(told) if told else None)


@require_GET
@admin_required
@localized
def ask_put_back(request: FrameRequest, base_id: int, version: int) -> HttpResponse:
    """What putting a version back would change, and the question."""
    scene = scene_of(base_of(request, base_id))
    wanted = from_data(_version(scene, version).data or {})
    return part(
        request, "settings_put_back", {"base": scene.base, "version": version, **foreseen(scene, Saved(scene.rules, wanted))}
    )


@require_POST
@admin_required
@localized
def put_back(request: FrameRequest, base_id: int, version: int) -> HttpResponse:
    """The settings of that version hold again, as a new version."""
    base = base_of(request, base_id)
    row = _version(scene_of(base), version)
    saved = put(base, row.data or {}, author=author_of(request.frame_user))
    say = _("The settings of version %(number)d hold again.") if saved.changed else _("These settings hold already.")
    return announce(_history(request, scene_of(base)), say % {"number": version} if saved.changed else say)


@require_GET
@admin_required
@localized
def export(request: FrameRequest, base_id: int) -> HttpResponse:
    """The settings in force, as a file."""
    scene = scene_of(base_of(request, base_id))
    response = HttpResponse(written(scene.base, scene.rules), content_type="application/json; charset=utf-8")
    stamp = timezone.localtime().strftime("%Y-%m-%d")
    response.headers["Content-Disposition"] = f'attachment; filename="settings-{scene.base.pk}-{stamp}.json"'
    return response


@require_POST
@admin_required
@localized
def look_into(request: FrameRequest, base_id: int) -> HttpResponse:
    """What a file of settings would change here, and what of it does not fit; nothing is saved."""
    base = base_of(request, base_id)
    upload = request.FILES.get("file")
    try:
        if upload is None:
            raise NotSettings(_("Choose a file first."))
        if (upload.size or 0) > LARGEST:
            raise NotSettings(_("The file is larger than settings ever are."))
        rules = read_file(upload.read(LARGEST + 1))
    except NotSettings as error:
        return _file(request, scene_of(base), {"error": str(error)}, status=422)
    choices.refresh(request.portal)
    scene = scene_of(base_of(request, base_id))
    fit = fitted(rules, scene.facts)
    told = {"settings": json.dumps(to_data(fit.rules), ensure_ascii=False), "fit": fit, "name": upload.name}
    return _file(request, scene, told | foreseen(scene, Saved(scene.rules, fit.rules)))


@require_POST
@admin_required
@localized
def take(request: FrameRequest, base_id: int) -> HttpResponse:
    """The settings of a file that was looked into hold from now on."""
    base = base_of(request, base_id)
    scene = scene_of(base)
    try:
        fit = _posted(request.POST.get("settings", ""), scene)
    except NotSettings as error:
        return _file(request, scene, {"error": str(error)}, status=422)
    saved = put(base, to_data(fit.rules), author=author_of(request.frame_user))
    scene = scene_of(base)
    say = _("The settings of the file hold from now on.") if saved.changed else _("These settings hold already.")
    changes = differences(saved.before, saved.after, scene.facts)
    return announce(_file(request, scene, {"saved": saved, "changes": changes}), say)


def _posted(text: str, scene: Scene) -> Fitted:
    try:
        told = json.loads(text) if len(text) <= LARGEST else None
    except (ValueError, RecursionError):
        told = None
    if not isinstance(told, dict):
        raise NotSettings(_("This is no file of settings: it cannot be read."))
    return fitted(rules_in(told), scene.facts)


@require_GET
@admin_required
@localized
def file(request: FrameRequest, base_id: int) -> HttpResponse:
    """Settings to a file and from one."""
    return _file(request, scene_of(base_of(request, base_id)), {})


def _file(request: FrameRequest, scene: Scene, more: dict[str, Any], status: int = 200) -> HttpResponse:
    context = {"base": scene.base, "several": several(request), "default": scene.rules == Rules(), **more}
    return page(request, "settings_file", context, status=status)


def _history(request: FrameRequest, scene: Scene, before: int | None = None) -> HttpResponse:
    found, older = versions(scene, before)
    context = {"base": scene.base, "several": several(request), "versions": found, "older": older, "before": before}
    return part(request, "settings_versions", context) if before is not None else page(request, "settings_history", context)


def _version(scene: Scene, version: int) -> RuleSet:
    row: RuleSet = get_object_or_404(RuleSet, portal=scene.portal, scope=scene.base.pk, version=version)
    return row
