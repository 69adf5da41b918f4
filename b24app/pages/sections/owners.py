"""Whose word counts, field by field, when 1C and Bitrix24 say different things of a document or of a buyer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, ngettext

from b24app.pages.compared import LABELS
from b24app.pages.sections.choosing import Line, options
from b24app.pages.sections.scene import Scene
from b24app.pages.sections.section import Read, Section, Typed
from mapping.rules import Rules
from mapping.trade_rules import DOCUMENT_FIELDS, PARTY_FIELDS, Owner

_OWNERS = ("portal", "onec", "last")


def fields(scene: Scene, typed: Typed | None) -> dict[str, Any]:
    """`documents` and `parties`: groups of fields with who owns them."""
    trade = scene.rules.trade
    errors = read(typed, scene).errors if typed is not None else {}
    return {
        "documents": _lines("document", trade.document_owners, DOCUMENT_FIELDS, typed, errors),
        "parties": _lines("party", trade.party_owners, PARTY_FIELDS, typed, errors),
    }


def _lines(
    of: str, now: Mapping[str, Owner], usual: Mapping[str, Owner], typed: Typed | None, errors: Mapping[str, str]
) -> list[Line]:
    lines = []
    for name, default in usual.items():
        key = f"{of}-owner-{name}"
        chosen = now[name] if typed is None else typed.get(key) or now[name]
        title = str(LABELS["organisation" if name == "my_company" else name])
        lines.append(Line(key, name, title, options=options(_choices(default), chosen), error=errors.get(key, "")))
    return lines


def _choices(default: Owner) -> list[tuple[str, str]]:
    told = {
        "portal": _("Bitrix24, always"),
        "onec": _("1C, always"),
        "last": _("whoever changed it; if both did, you are asked"),
    }
    return [(one, _("%(text)s (usual)") % {"text": text} if one == default else text) for one, text in told.items()]


def read(typed: Typed, scene: Scene) -> Read:
    """One owner for each group; what was not sent stays."""
    errors: dict[str, str] = {}
    trade = scene.rules.trade
    documents = _read("document", trade.document_owners, typed, errors)
    parties = _read("party", trade.party_owners, typed, errors)
    return Read(errors=errors) if errors else Read({"trade": {"document_owners": documents, "party_owners": parties}})


def _read(of: str, now: Mapping[str, Owner], typed: Typed, errors: dict[str, str]) -> dict[str, str]:
    chosen = {name: typed.get(f"{of}-owner-{name}") or owner for name, owner in now.items()}
    for name, owner in chosen.items():
        if owner not in _OWNERS:
            errors[f"{of}-owner-{name}"] = _("Choose one of the list.")
    return chosen


def says(rules: Rules, scene: Scene) -> str:
    """How many fields are not as usual."""
    trade = rules.trade
    usual = {**{("d", name): owner for name, owner in DOCUMENT_FIELDS.items()}, **{("p", n): o for n, o in PARTY_FIELDS.items()}}
    now = {
        **{("d", name): owner for name, owner in trade.document_owners.items()},
        **{("p", n): o for n, o in trade.party_owners.items()},
    }
    count = sum(now[key] != owner for key, owner in usual.items())
    if not count:
        return _("As usual: whoever changed a field has the last word about it, and you are asked when both did.")
    return ngettext("%(count)d field is not as usual.", "%(count)d fields are not as usual.", count) % {"count": count}


SECTION = Section(
    slug="owners",
    title=gettext_noop("Last word in documents"),
    explains=gettext_noop("Whose value holds when 1C and Bitrix24 say different things of a document or of a buyer."),
    template="b24app/sections/_owners.html",
    fields=fields,
    read=read,
    says=says,
)
