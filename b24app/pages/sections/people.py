"""Who is responsible for documents made from 1C, and what the responsible person and robots hear of 1C's news."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, ngettext

from b24app.pages.sections.choosing import ticked
from b24app.pages.sections.persons import names_of, shown, user_of
from b24app.pages.sections.scene import Scene
from b24app.pages.sections.section import Read, Section, Typed
from mapping.rules import Rules

_MARK: Final = "people-form"
# Managers that nobody has met in a document yet may be written by hand, so many at a time.
_FREE: Final = 2


class Manager(NamedTuple):
    """A line: 1C's name of a manager ("" = to be typed) and the user for him."""

    key: str
    name: str
    free: bool
    typed_name: str
    user: str
    error: str
    name_error: str


def fields(scene: Scene, typed: Typed | None) -> dict[str, Any]:
    """`managers`: who stands for whom; the default; and what is told."""
    trade, names = scene.rules.trade, names_of(scene)
    sent = typed if typed is not None and _MARK in typed else None
    errors = read(typed, scene).errors if typed is not None else {}
    told = _managers(scene)
    managers = []
    for place in range(len(told) + _FREE):
        key, free = f"manager-{place}", place >= len(told)
        name = "" if free else told[place]
        user = (shown(trade.responsible.get(name), names) if name else "") if sent is None else sent.get(f"{key}-user") or ""
        own = (sent.get(f"{key}-name") or "") if sent is not None and free else name
        managers.append(Manager(key, name, free, own, user, errors.get(f"{key}-user", ""), errors.get(f"{key}-name", "")))
    default = shown(trade.responsible.get(""), names)
    return {
        "managers": managers,
        "users": sorted(names.values(), key=str.casefold),
        "default": default if sent is None else sent.get("manager-default") or "",
        "default_error": errors.get("manager-default", ""),
        "notify": trade.notify_responsible if sent is None else ticked(sent, "notify-responsible"),
        "trigger": trade.automation_trigger if sent is None else ticked(sent, "pull-triggers"),
        "triggers": scene.facts.portal.triggers or trade.automation_trigger,
    }


def _managers(scene: Scene) -> list[str]:
    """Those that documents name, then those that are set and were not met."""
    met = list(dict.fromkeys(scene.facts.managers))
    return met + sorted(name for name in scene.rules.trade.responsible if name and name not in met)


def read(typed: Typed, scene: Scene) -> Read:
    """Each manager has a user or none; an empty field takes him out."""
    if _MARK not in typed:
        return Read()
    trade, names, errors = scene.rules.trade, names_of(scene), {}
    known = frozenset(trade.responsible.values())
    told = _managers(scene)
    lines = [("", "manager-default")]
    lines += [(name, f"manager-{place}-user") for place, name in enumerate(told)]
    for place in range(len(told), len(told) + _FREE):
        name = " ".join((typed.get(f"manager-{place}-name") or "").replace("\0", "").split())[:255]
        if name:
            lines.append((name, f"manager-{place}-user"))
            if not (typed.get(f"manager-{place}-user") or "").strip():
                errors[f"manager-{place}-user"] = _("Say who it is in Bitrix24.")
        elif (typed.get(f"manager-{place}-user") or "").strip():
            errors[f"manager-{place}-name"] = _("Write the name as 1C has it.")
    responsible: dict[str, int] = {}
    for name, key in lines:
        written = (typed.get(key) or "").strip()
        user = user_of(written, names, known) if written else None
        if written and user is None:
            errors[key] = _("There is nobody of this name in Bitrix24.")
        elif user is not None:
            responsible[name] = user
    if errors:
        return Read(errors=errors)
    told_rules = {"responsible": responsible, "notify_responsible": ticked(typed, "notify-responsible")}
    return Read({"trade": {**told_rules, "automation_trigger": ticked(typed, "pull-triggers")}})


def says(rules: Rules, scene: Scene) -> str:
    """Who is responsible, and who is told."""
    trade, names = rules.trade, names_of(scene)
    count = sum(bool(name) for name in trade.responsible)
    parts = []
    if count:
        text = ngettext("%(count)d manager of 1C has his user.", "%(count)d managers of 1C have their users.", count)
        parts.append(text % {"count": count})
    if default := trade.responsible.get(""):
        parts.append(_("Others: %(name)s.") % {"name": shown(default, names)})
    parts.append(
        _("The responsible person is told what happened in 1C.")
        if trade.notify_responsible
        else _("The responsible person is told nothing.")
    )
    if trade.automation_trigger:
        parts.append(_("Robots start on payment, shipment and cancellation."))
    return " ".join(parts)


SECTION = Section(
    slug="people",
    title=gettext_noop("Responsible people"),
    explains=gettext_noop("Who is responsible for documents made from 1C, and who hears when 1C is paid, ships or cancels."),
    template="b24app/sections/_people.html",
    fields=fields,
    read=read,
    says=says,
)
