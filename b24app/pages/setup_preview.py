"""What a rehearsed first load would do, as a page shows it: numbers by kind, what stands in the way, and examples with reasons."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib.humanize.templatetags.humanize import intcomma
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from b24app.pages import causes
from b24app.pages.compared import LABELS
from exchange.imports.rehearsals import Rehearsal
from exchange.planning.previewed import ACTIONS

Words = Mapping[str, str | Promise]
KINDS: Words = {
    "sections": gettext_lazy("Sections"),
    "products": gettext_lazy("Products and services"),
    "offers": gettext_lazy("Variants"),
    "prices": gettext_lazy("Prices"),
    "stock": gettext_lazy("Stock"),
    "pictures": gettext_lazy("Pictures"),
    "properties": gettext_lazy("Properties"),
    "price types": gettext_lazy("Price types"),
    "warehouses": gettext_lazy("Warehouses"),
    "units": gettext_lazy("Units"),
    "VAT rates": gettext_lazy("VAT rates"),
    "currencies": gettext_lazy("Currencies"),
}
DONE: Words = {
    "made": gettext_lazy("is made"),
    "changed": gettext_lazy("is changed"),
    "matched": gettext_lazy("is matched"),
    "skipped": gettext_lazy("is skipped"),
    "removed": gettext_lazy("is switched off"),
}
REASONS: Words = {
    "new": gettext_lazy("Bitrix24 does not have it yet."),
    "changed": gettext_lazy("1C has another value."),
    "deleted": gettext_lazy("It is deleted or switched off in 1C."),
    "replaced": gettext_lazy("1C sells it in variants now: another card takes its place."),
    "found": gettext_lazy("Bitrix24 has it already: it was found by its id, article or barcode and is not doubled."),
    "waits": gettext_lazy("It waits for something that 1C has not told yet."),
}
_FIELDS: Words = {
    **LABELS,
    "quantity": gettext_lazy("Stock"),
}
# What says nothing to people, or too much: numbers of the portal's own dictionaries, long texts and how they are written down.
_UNSAID = frozenset(
    {"section", "sections", "measure", "vat", "description", "description_type", "summary", "vat_included", "active", "weight"}
)
SAID_FIELDS = 3


@dataclass(frozen=True, slots=True)
class KindRow:
    """One kind of objects: numbers in the order of ACTIONS, as people read them ("" = none)."""

    title: str
    numbers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ExampleRow:
    """One object: what would become of it and why."""

    name: str
    kind: str
    action: str
    done: str
    reason: str
    values: str


@dataclass(frozen=True, slots=True)
class Foreseen:
    """The preview. `state`: none, running, failed, nothing (1C has sent nothing) or found."""

    state: str
    heads: tuple[str, ...] = ()
    kinds: tuple[KindRow, ...] = ()
    troubles: tuple[str, ...] = ()
    examples: tuple[ExampleRow, ...] = ()
    unchanged: int = 0
    writes: int = 0
    complete: bool = True
    trouble: str = ""


def foreseen(rehearsal: Rehearsal, *, sent: bool) -> Foreseen:
    """What the page shows of a rehearsal; `sent`: 1C has sent something to rehearse."""
    if rehearsal.running:
        return Foreseen("running")
    if rehearsal.state == "failed":
        return Foreseen("failed", trouble=_trouble(rehearsal.code))
    if rehearsal.state != "done":
        return Foreseen("none")
    if not sent:
        return Foreseen("nothing")
    found = rehearsal.found
    return Foreseen(
        "found",
        heads=(_("made"), _("changed"), _("matched"), _("skipped"), _("switched off")),
        kinds=tuple(_kind(kind, counts) for kind, counts in _in_order(found.get("kinds") or {}) if any(counts.values())),
        troubles=tuple(causes.title(code, int(count)) for code, count in (found.get("troubles") or {}).items()),
        examples=tuple(_example(one) for one in found.get("examples") or ()),
        unchanged=int(found.get("unchanged") or 0),
        writes=int(found.get("writes") or 0),
        complete=found.get("complete") is not False,
    )


def _trouble(code: str) -> str:
    if code == "catalog-missing":
        return str(causes.cause(code).explanation)
    # Of a defect of ours there is nothing to say that would help.
    return "" if code == "defect" else causes.trouble(code)


def _in_order(kinds: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """As people think of them: what was stored has no order."""
    order = list(KINDS)
    return sorted(kinds.items(), key=lambda one: order.index(one[0]) if one[0] in order else len(order))


def _kind(kind: str, counts: Mapping[str, Any]) -> KindRow:
    numbers = (int(counts.get(action) or 0) for action in ACTIONS)
    return KindRow(str(KINDS.get(kind, kind)), tuple(intcomma(number) if number else "" for number in numbers))


def _example(one: Mapping[str, Any]) -> ExampleRow:
    action, reason = str(one["action"]), str(one["reason"])
    return ExampleRow(
        str(one["name"] or one["onec_id"]),
        str(KINDS.get(str(one["kind"]), one["kind"])),
        action,
        str(DONE.get(action, action)),
        str(REASONS[reason]) if reason in REASONS else causes.title(reason, 1),
        "; ".join(_values(one.get("details") or (), str(one["name"]))),
    )


def _values(details: Any, of: str) -> list[str]:
    said = []
    for detail in details:
        name, after, before = str(detail["field"]), str(detail["after"]), detail.get("before")
        if name in _UNSAID or name.startswith("property") or after in ("", of):
            continue
        label = _("Price") if name.startswith("price:") else str(_FIELDS.get(name, name))
        said.append(f"{label}: {before} → {after}" if before else f"{label}: {after}")
    return said[:SAID_FIELDS]
