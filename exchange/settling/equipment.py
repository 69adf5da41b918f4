"""The own fields that deals and invoices get, so that paid, owed and shipped sums can be seen, filtered and used by robots.

Created once per portal and kind (userfieldconfig.add; scope `userfieldconfig`, CRM settings right), found again by their codes. A
portal that refuses goes on without them: the sums still stand in the timeline and in the app's own tab.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, override

from b24app.rest.batching import Outcome
from b24app.rest.commands import Command
from b24app.rest.errors import Fate
from exchange.imports.flows import Ask
from exchange.planning.trade import DEAL, INVOICE

# The portal's name of the object that carries the field: a field's code begins with `UF_<it>_` (bitrix24: userfieldconfig.add).
_OBJECTS: Final = {DEAL: "CRM_DEAL", INVOICE: "CRM_SMART_INVOICE"}
_TYPES: Final = {
    "paid": "money",
    "debt": "money",
    "shipped": "money",
    "paid_on": "date",
    "shipped_on": "date",
    "number": "string",
    "date": "date",
    "status": "string",
}
_LABELS: Final = {
    "paid": gettext_noop("Paid (1C)"),
    "debt": gettext_noop("Owed (1C)"),
    "shipped": gettext_noop("Shipped (1C)"),
    "paid_on": gettext_noop("Date of payment (1C)"),
    "shipped_on": gettext_noop("Date of shipment (1C)"),
    "number": gettext_noop("Number in 1C"),
    "date": gettext_noop("Date in 1C"),
    "status": gettext_noop("Status in 1C"),
}
# The portal's language codes and ours: it says `ua`, and has no Romanian.
_LANGUAGES: Final = {"ru": "ru", "en": "en", "ua": "uk"}


@dataclass(frozen=True, slots=True)
class OwnFields:
    """Short name (planning.effects.OWN_FIELDS) → key in crm.item.*; `refused`: what the portal said to the first it would not make."""

    keys: Mapping[str, str]
    refused: str = ""


def own_fields(entity_type_id: int) -> Generator[Ask, list[Outcome], OwnFields]:
    """Find our fields of this kind, make those that are missing. Raises RestError when the portal cannot be asked now."""
    keys = yield from _find(entity_type_id)
    missing = [name for name in _TYPES if name not in keys]
    if not missing:
        return OwnFields(keys)
    outcomes = yield Ask(tuple(_creation(entity_type_id, name) for name in missing))
    refused = ""
    for outcome in outcomes:
        error = outcome.error
        if error is None:
            continue
        if error.fate in (Fate.RETRY, Fate.REFRESH):
            raise error
        refused = refused or error.description or error.code
    keys = yield from _find(entity_type_id)
    # The portal refuses a field that exists with a sentence in its own language: that it is there now tells more.
    return OwnFields(keys, refused if len(keys) < len(_TYPES) else "")


def code_of(entity_type_id: int, name: str) -> str:
    """The field's code in the portal."""
    return f"UF_{_OBJECTS[entity_type_id]}_ONEC_{name.upper()}"


def _find(entity_type_id: int) -> Generator[Ask, list[Outcome], dict[str, str]]:
    (outcome,) = yield Ask((Command("crm.item.fields", {"entityTypeId": entity_type_id}),))
    if outcome.error is not None:
        raise outcome.error
    fields = outcome.result.get("fields") if isinstance(outcome.result, Mapping) else None
    # The key's spelling is the portal's: it is never derived from the code (bitrix24: crm.item.fields, upperName).
    by_code = {str(field.get("upperName")): str(key) for key, field in (fields or {}).items() if isinstance(field, Mapping)}
    return {name: by_code[code] for name in _TYPES if (code := code_of(entity_type_id, name)) in by_code}


def _creation(entity_type_id: int, name: str) -> Command:
    labels = {}
    for portal_code, language in _LANGUAGES.items():
        with override(language):
            labels[portal_code] = _(_LABELS[name])
    field: dict[str, Any] = {
        "entityId": _OBJECTS[entity_type_id],
        "fieldName": code_of(entity_type_id, name),
        "userTypeId": _TYPES[name],
        "xmlId": code_of(entity_type_id, name),
        "showFilter": "E" if _TYPES[name] == "string" else "I",
        "editInList": "N",
        "editFormLabel": labels,
        "listColumnLabel": labels,
        "listFilterLabel": labels,
    }
    return Command("userfieldconfig.add", {"moduleId": "crm", "field": field})
