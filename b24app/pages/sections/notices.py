"""Who hears of problems in Bitrix24, and of which."""

from __future__ import annotations

from typing import Any, Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from b24app.pages.sections.choosing import Line, options
from b24app.pages.sections.persons import names_of, shown, user_of
from b24app.pages.sections.scene import Scene
from b24app.pages.sections.section import Read, Section, Typed
from mapping.rules import Rules

# Empty fields for more people.
_FREE: Final = 2


def fields(scene: Scene, typed: Typed | None) -> dict[str, Any]:
    """`about`: of which problems; `lines`: the people, and room for more; `may`: whether the app may send notices here at all."""
    names = names_of(scene)
    errors = read(typed, scene).errors if typed is not None else {}
    now = [shown(user, names) for user in sorted(scene.rules.notify_users)] + [""] * _FREE
    lines = []
    for place, name in enumerate(now):
        key = f"notice-user-{place}"
        value = name if typed is None else typed.get(key, name) or ""
        lines.append(Line(key, value, _("Person %(number)d") % {"number": place + 1}, error=errors.get(key, "")))
    chosen = scene.rules.notify_about if typed is None else typed.get("notice-about") or scene.rules.notify_about
    scope = scene.portal.facts.get("scope")
    return {
        "about": options(_choices(), chosen),
        "about_error": errors.get("notice-about", ""),
        "lines": lines,
        "users": sorted(names.values(), key=str.casefold),
        "may": not scope or "im" in scope,
    }


def _choices() -> list[tuple[str, str]]:
    return [
        ("grave", _("those that stop documents, buyers or a whole exchange")),
        ("all", _("every one, also of single goods")),
        ("none", _("none: only this app's pages show them")),
    ]


def read(typed: Typed, scene: Scene) -> Read:
    """People by name; what was not sent stays."""
    names, known, errors = names_of(scene), scene.rules.notify_users, {}
    about = typed.get("notice-about") or scene.rules.notify_about
    if about not in dict(_choices()):
        errors["notice-about"] = _("Choose one of the list.")
    now = [shown(user, names) for user in sorted(known)] + [""] * _FREE
    chosen: set[int] = set()
    for place, name in enumerate(now):
        written = (typed.get(f"notice-user-{place}", name) or "").strip()
        user = user_of(written, names, known) if written else None
        if user is not None:
            chosen.add(user)
        elif written:
            errors[f"notice-user-{place}"] = _("There is nobody of this name in Bitrix24.")
    return Read(errors=errors) if errors else Read({"notify_about": about, "notify_users": sorted(chosen)})


def says(rules: Rules, scene: Scene) -> str:
    """Who hears of what."""
    if rules.notify_about == "none":
        return _("Nobody is told of problems; this app's pages show them.")
    names = names_of(scene)
    who = ", ".join(shown(user, names) for user in sorted(rules.notify_users)) or _("whoever installed the app")
    if rules.notify_about == "all":
        return _("Told of every problem: %(who)s.") % {"who": who}
    return _("Told of serious problems: %(who)s.") % {"who": who}


SECTION = Section(
    slug="notices",
    title=gettext_noop("Notices of problems"),
    explains=gettext_noop("Who is told in Bitrix24 when something needs a person; of each cause at most once a day."),
    template="b24app/sections/_notices.html",
    fields=fields,
    read=read,
    says=says,
)
