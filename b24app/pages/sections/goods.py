"""Who has the last word about which fields of goods, how goods are found that are in the portal already, and what absence means."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from b24app.pages.sections.choosing import Line, options, ticked
from b24app.pages.sections.labels import FIELD_GROUPS
from b24app.pages.sections.scene import Scene
from b24app.pages.sections.section import Read, Section, Typed
from mapping.rules import Rules

_PORTAL, _ONEC = "portal", "onec"
_MARK = "goods-form"  # tells a form that was sent from one that did not show these fields


def fields(scene: Scene, typed: Typed | None) -> dict[str, Any]:
    """`lines`: groups of fields with who owns them; the two ways to match; the limit."""
    rules = scene.rules
    lines = []
    for group, title in FIELD_GROUPS.items():
        now = _PORTAL if group in rules.portal_owns else _ONEC
        chosen = now if typed is None else typed.get(f"owner-{group}") or now
        lines.append(Line(f"owner-{group}", group, _(title), options=options(_owners(), chosen)))
    sent = typed is not None and _MARK in typed
    return {
        "lines": lines,
        "by_article": ticked(typed, "by-article") if sent and typed is not None else rules.match_by_article,
        "by_barcode": ticked(typed, "by-barcode") if sent and typed is not None else rules.match_by_barcode,
        "limit": rules.absent_limit if typed is None else (typed.get("absent-limit") or "")[:10],
        "limit_error": read(typed, scene).errors.get("absent-limit", "") if typed is not None else "",
    }


def _owners() -> list[tuple[str, str]]:
    return [(_ONEC, _("1C, always")), (_PORTAL, _("Bitrix24, after 1C has filled it once"))]


def read(typed: Typed, scene: Scene) -> Read:
    """Owners, matching and the limit; fields that were not sent stay as they are."""
    rules = scene.rules
    now = {group: _PORTAL if group in rules.portal_owns else _ONEC for group in FIELD_GROUPS}
    owns = sorted(group for group in FIELD_GROUPS if (typed.get(f"owner-{group}") or now[group]) == _PORTAL)
    changes: dict[str, Any] = {"portal_owns": owns}
    if _MARK in typed:
        changes |= {"match_by_article": ticked(typed, "by-article"), "match_by_barcode": ticked(typed, "by-barcode")}
        written = (typed.get("absent-limit") or "").strip()
        if not (written.isascii() and written.isdecimal() and len(written) <= 3 and int(written) <= 100):
            return Read(errors={"absent-limit": _("A whole number from 0 to 100, please.")})
        changes["absent_limit"] = int(written)
    return Read(changes)


def says(rules: Rules, scene: Scene) -> str:
    """Who owns what, and how goods are found."""
    owned = [_(title) for group, title in FIELD_GROUPS.items() if group in rules.portal_owns]
    parts = [
        _("Bitrix24 has the last word about: %(names)s.") % {"names": ", ".join(owned)}
        if owned
        else _("1C has the last word about every field.")
    ]
    ways = [_("article")] if rules.match_by_article else []
    ways += [_("barcode")] if rules.match_by_barcode else []
    parts.append(_("Also found by: %(ways)s.") % {"ways": ", ".join(ways)} if ways else _("Found by the id of 1C only."))
    return " ".join(parts)


SECTION = Section(
    slug="goods",
    title=gettext_noop("Cards of goods"),
    explains=gettext_noop("Who has the last word about which field, and how goods are found that are in Bitrix24 already."),
    template="b24app/sections/_goods.html",
    fields=fields,
    read=read,
    says=says,
)
