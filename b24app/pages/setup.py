"""The set-up of a base, step by step: left at any time, resumed where it was left. Every base is looked up in the person's own portal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from b24app.frame import FrameRequest, admin_required
from b24app.pages import living, setup_steps
from b24app.pages.configurations import choices as configurations
from b24app.pages.configurations import configuration
from b24app.pages.forms import BaseForm, first_name
from b24app.pages.overview import POLL_BUSY, POLL_QUIET
from b24app.pages.pace import begin_anew
from b24app.pages.respond import announce, localized, page, part
from b24app.pages.sections import saving
from b24app.pages.sections.scene import Scene, scene_of
from b24app.pages.sections.section import Section, Typed
from b24app.pages.setup_contact import contact_of
from b24app.pages.setup_load import load_of
from b24app.pages.setup_preview import foreseen
from b24app.pages.setup_steps import CONNECT, PREVIEW, START, Step, neighbour, step_of
from b24app.pages.state import base_state, bases_of
from exchange import sessions, setting_up, tasks
from exchange.imports import rehearsals
from exchange.models import OneCBase, StateRow
from exchange.settling import choices, starting


@require_GET
@admin_required
@localized
def new(request: FrameRequest) -> HttpResponse:
    """The very first question: what to call the base and which 1C it is."""
    return _new(request, BaseForm(initial={"name": first_name(bases_of(request.portal).count()), "configuration": "ut11"}))


@require_POST
@admin_required
@localized
def create(request: FrameRequest) -> HttpResponse:
    """A new base, held back until it is started, with the password that is shown this once and the clicks in its 1C."""
    form = BaseForm(request.POST)
    if not form.is_valid():
        return _new(request, form, status=422)
    with transaction.atomic():
        base, password = sessions.create_base(request.portal, form.cleaned_data["name"], form.cleaned_data["configuration"])
        setting_up.hold(base, CONNECT)
    response = _step(request, base, setup_steps.STEPS[0], {"password": password})
    return announce(response, _("The base “%(name)s” is ready to be connected.") % {"name": base.name})


@require_GET
@admin_required
@localized
def resume(request: FrameRequest, base_id: int) -> HttpResponse:
    """The step at which the set-up was left."""
    base = _base(request, base_id)
    return _step(request, base, step_of(setting_up.setup_of(base).step) or setup_steps.STEPS[0])


@require_GET
@admin_required
@localized
def step(request: FrameRequest, base_id: int, slug: str) -> HttpResponse:
    """One step, which from now on is the one to resume at."""
    base = _base(request, base_id)
    setting_up.note(base, step=_known(slug).slug)
    return _step(request, base, _known(slug))


@require_GET
@admin_required
@localized
def live(request: FrameRequest, base_id: int, slug: str) -> HttpResponse:
    """The parts of a step that move by themselves, if they look different."""
    parts, every = _parts(request, _base(request, base_id), _known(slug))
    return living.answer(request, parts, every)


@require_POST
@admin_required
@localized
def save(request: FrameRequest, base_id: int, slug: str) -> HttpResponse:
    """Keep what a step decides and go on to the next one; what cannot be taken stays on the page with the reason."""
    base, here = _base(request, base_id), _known(slug)
    onward = neighbour(here, 1)
    if onward is None:
        raise Http404
    changed = False
    if here.slug == PREVIEW:
        setting_up.note(base, muted=bool(request.POST.get("muted")))
    scene = scene_of(base)
    found = [section.read(request.POST, scene) for section in here.shown()]
    if any(one.errors for one in found):
        return _step(request, base, here, {"typed": request.POST}, status=422)
    with transaction.atomic():
        for one in found:
            changed |= saving.save(base, one.changes, author=saving.author_of(request.frame_user)).changed
        setting_up.note(base, step=onward.slug)
    response = _step(request, base, onward)
    return announce(response, _("Saved.")) if changed else response


@require_POST
@admin_required
@localized
def clicks(request: FrameRequest, base_id: int) -> HttpResponse:
    """Another configuration was chosen: the clicks of that one, and the exchange speaks as it needs."""
    base = _base(request, base_id)
    chosen = request.POST.get("configuration", "")
    if chosen not in {code for code, _name in configurations()}:
        return part(request, "setup_clicks", _clicks(base), status=422)
    base.configuration = chosen
    base.save(update_fields=["configuration"])
    return part(request, "setup_clicks", _clicks(base))


@require_GET
@admin_required
@localized
def ask_password(request: FrameRequest, base_id: int) -> HttpResponse:
    """What a new password would do to a 1C that is connected already, and the question."""
    return _step(request, _base(request, base_id), setup_steps.STEPS[0], {"asking": True})


@require_POST
@admin_required
@localized
def password(request: FrameRequest, base_id: int) -> HttpResponse:
    """A new password, shown this once; the old one stops working at once."""
    base = _base(request, base_id)
    fresh = sessions.new_password(base)
    response = _step(request, base, setup_steps.STEPS[0], {"password": fresh})
    return announce(response, _("The old password no longer works."))


@require_POST
@admin_required
@localized
def look_again(request: FrameRequest, base_id: int) -> HttpResponse:
    """Foresee the first load anew."""
    base = _base(request, base_id)
    _rehearse(base, anew=True)
    return _step(request, base, _known(PREVIEW))


@require_POST
@admin_required
@localized
def start(request: FrameRequest, base_id: int) -> HttpResponse:
    """The exchange begins; the page follows it."""
    base = _base(request, base_id)
    muted = setting_up.setup_of(base).muted
    if starting.start(base, muted=muted):
        rehearsals.forget(base)
        begin_anew(base.pk)
        transaction.on_commit(lambda: tasks.wake_first_load(base.portal_id))
    setting_up.note(base, step=START)
    return announce(
        _step(request, base, _known(START)), _("The exchange has begun. You may close this page: it goes on without it.")
    )


# ---- what steps are shown with ------------------------------------------------------------------------------------------------


def _step(
    request: FrameRequest, base: OneCBase, here: Step, more: Mapping[str, Any] | None = None, status: int = 200
) -> HttpResponse:
    more = more or {}
    if here.slug == PREVIEW:
        _rehearse(base)
    parts, every = _parts(request, base, here)
    back = neighbour(here, -1)
    context: dict[str, Any] = {
        "base": base,
        "setup": setting_up.setup_of(base),
        "step": here,
        "steps": setup_steps.row(here, base.pk),
        "number": setup_steps.STEPS.index(here) + 1,
        "back": back.slug if back else "",
        "parts": parts,
        "seen": living.seen(parts),
        "every": every,
        "at": request.path if request.method == "GET" else "",
        **more,
    }
    if here.slug == CONNECT:
        context |= {"one": base_state(base), **_clicks(base)}
    if here.sections:
        choices.refresh(request.portal)
        scene = scene_of(base)
        context["sections"] = [_section(request, section, scene, more.get("typed")) for section in here.shown()]
    if here.slug == START:
        scene = scene_of(base)
        context["said"] = [
            (_(section.title), section.says(scene.rules, scene)) for one in setup_steps.STEPS for section in one.shown()
        ]
        context["load"] = load_of(base)
    return page(request, "setup", context, status=status)


def _section(request: FrameRequest, section: Section, scene: Scene, typed: Typed | None) -> dict[str, str]:
    context = {"user": request.frame_user, **section.fields(scene, typed)}
    html = render_to_string(section.template, context, request)
    return {"slug": section.slug, "title": _(section.title), "explains": _(section.explains), "html": html}


def _parts(request: FrameRequest, base: OneCBase, here: Step) -> tuple[dict[str, str], int]:
    """Element id → HTML of what moves by itself in this step, and how often to look."""
    if here.slug == CONNECT:
        contact = contact_of(base)
        told = {"said": contact.said, "moving": _render(request, "setup_contact", {"contact": contact})}
        return told, POLL_BUSY
    if here.slug == PREVIEW:
        found = foreseen(rehearsals.rehearsal_of(base), sent=_has_sent(base))
        return {"moving": _render(request, "setup_found", {"found": found, "base": base})}, (
            POLL_BUSY if found.state == "running" else POLL_QUIET
        )
    if here.slug == START:
        load = load_of(base)
        live = _render(request, "setup_load", {"load": load, "base": base})
        return {"moving": live}, POLL_BUSY if load.busy else POLL_QUIET
    return {}, 0


def _render(request: FrameRequest, template: str, context: Mapping[str, Any]) -> str:
    return render_to_string(f"b24app/_{template}.html", {"user": request.frame_user, **context}, request)


def _clicks(base: OneCBase) -> dict[str, Any]:
    return {"base": base, "configuration": configuration(base.configuration), "choices": configurations()}


def _new(request: FrameRequest, form: BaseForm, status: int = 200) -> HttpResponse:
    context = {"form": form, "steps": setup_steps.row(None, None), "first": not bases_of(request.portal).exists()}
    return page(request, "setup_new", {**context, "at": request.path if request.method == "GET" else ""}, status=status)


def _rehearse(base: OneCBase, *, anew: bool = False) -> None:
    if rehearsals.ask(base, anew=anew):
        transaction.on_commit(lambda: tasks.wake_rehearsal(base.pk))


def _has_sent(base: OneCBase) -> bool:
    return StateRow.objects.filter(base=base).exists()


def _known(slug: str) -> Step:
    found = step_of(slug)
    if found is None:
        raise Http404
    return found


def _base(request: FrameRequest, base_id: int) -> OneCBase:
    base: OneCBase = get_object_or_404(bases_of(request.portal).select_related("portal"), pk=base_id)
    return base
