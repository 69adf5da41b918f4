"""What settings and their values are called by people: names instead of ids, as far as both sides' names are known."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Any, Final

from django.utils import formats
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from b24app.pages.compared import LABELS
from b24app.pages.sections.facts import Facts
from mapping.trade_rules import LEAVE, Agreement, StatusRule

Names = Callable[[str, Any], str]

_SETTINGS: Final[Mapping[str, str]] = {
    "portal_owns": gettext_noop("Bitrix24 has the last word about"),
    "match_by_article": gettext_noop("Match goods by article"),
    "match_by_barcode": gettext_noop("Match goods by barcode"),
    "price_types": gettext_noop("Prices of this type go to"),
    "skipped_price_types": gettext_noop("Price type that does not go to Bitrix24"),
    "base_price_type": gettext_noop("Base price of the portal"),
    "currencies": gettext_noop("Code of the currency"),
    "create_currencies": gettext_noop("Rate at which the currency is made"),
    "units": gettext_noop("Unit of Bitrix24 for the unit of 1C"),
    "skipped_warehouses": gettext_noop("Warehouse whose stock does not count"),
    "skipped_item_types": gettext_noop("Item type that does not go to Bitrix24"),
    "service_item_types": gettext_noop("Item type that is a service"),
    "plain_item_types": gettext_noop("Item type that goes without characteristics"),
    "item_type_sections": gettext_noop("Section for items of the type"),
    "absent_limit": gettext_noop("Share of absent goods above which a person is asked, %"),
    "notify_users": gettext_noop("Who hears of problems"),
    "notify_about": gettext_noop("Which problems are told"),
    "trade.statuses": gettext_noop("Stage and status"),
    "trade.agreements": gettext_noop("Terms of orders"),
    "trade.document_owners": gettext_noop("Last word in documents"),
    "trade.party_owners": gettext_noop("Last word about buyers"),
    "trade.organisations": gettext_noop("Own company of the organisation"),
    "trade.warehouse": gettext_noop("Warehouse that orders name"),
    "trade.responsible": gettext_noop("Responsible person for the manager of 1C"),
    "trade.notify_responsible": gettext_noop("Tell the responsible person what happened in 1C"),
    "trade.automation_trigger": gettext_noop("Pull triggers of automation"),
    "trade.poison_after": gettext_noop("Times a document goes out unconfirmed before it is set aside"),
    "trade.parties.by_id": gettext_noop("Find buyers by the id of 1C"),
    "trade.parties.by_tax_id_and_branch": gettext_noop("Find buyers by tax number and branch code"),
    "trade.parties.by_tax_id": gettext_noop("Find buyers by tax number"),
    "trade.parties.by_phone_or_email": gettext_noop("Find buyers by phone or e-mail"),
    "trade.parties.by_name": gettext_noop("Find buyers by name"),
    "trade.parties.create": gettext_noop("Make buyers that are not found"),
    "trade.parties.presets": gettext_noop("Template of requisites"),
    "trade.parties.country": gettext_noop("Country of buyers"),
}
_OF_KIND: Final[Mapping[str, str]] = {
    "travels": gettext_noop("travel"),
    "pipelines": gettext_noop("pipeline that travels"),
    "all_pipelines": gettext_noop("all pipelines travel"),
    "my_companies": gettext_noop("own company whose documents travel"),
    "from_stage": gettext_noop("stage from which they go to 1C"),
    "from_date": gettext_noop("date from which they travel"),
    "stage_paid": gettext_noop("stage after full payment"),
    "stage_partly_paid": gettext_noop("stage after part of the payment"),
    "stage_shipped": gettext_noop("stage after shipment"),
    "stage_cancelled": gettext_noop("stage after cancellation"),
    "made_from_onec": gettext_noop("made from documents of 1C"),
    "pipeline_for_new": gettext_noop("pipeline for new ones"),
}
# Groups of fields of goods, as people call them (mapping.rules.FIELD_GROUPS).
FIELD_GROUPS: Final[Mapping[str, str]] = {
    "name": gettext_noop("Name"),
    "description": gettext_noop("Description"),
    "sections": gettext_noop("Sections"),
    "pictures": gettext_noop("Pictures"),
    "properties": gettext_noop("Properties"),
    "prices": gettext_noop("Prices"),
    "stock": gettext_noop("Stock"),
    "unit": gettext_noop("Unit"),
    "vat": gettext_noop("VAT"),
    "weight": gettext_noop("Weight and size"),
    "active": gettext_noop("Active or switched off"),
}
_OWNERS: Final[Mapping[str, str]] = {
    "portal": gettext_noop("Bitrix24"),
    "onec": gettext_noop("1C"),
    "last": gettext_noop("whoever changed it last"),
}
_DIRECTIONS: Final[Mapping[str, str]] = {"both": "↔", "to_onec": "→", "to_portal": "←"}


def setting(path: str) -> str:
    """What a setting is called."""
    kind, _dot, name = path.removeprefix("trade.").partition(".")
    if kind in ("invoices", "deals") and name in _OF_KIND:
        return f"{_('Invoices') if kind == 'invoices' else _('Deals')}: {_(_OF_KIND[name])}"
    return _(_SETTINGS[path]) if path in _SETTINGS else path


def keyed(path: str, key: Any, names: Names) -> str:
    """What one entry of a setting is called: `key` is what it is for."""
    if path == "trade.responsible" and key == "":
        return _("Responsible person for documents of 1C")
    return f"{setting(path)}: {names(f'{path}[]', key)}"


def line(one: Any, names: Names) -> str:
    """A line of a table of settings, in a line of text."""
    if isinstance(one, StatusRule):
        stage = names("stage", (one.entity_type_id, one.pipeline, one.stage_id))
        return f"{stage} {_DIRECTIONS[one.direction]} {one.onec}"
    if isinstance(one, Agreement):
        told = (
            one.name or one.id,
            names("trade.organisations[]", one.organisation) if one.organisation else "",
            names("base_price_type", one.price_type) if one.price_type else "",
            one.currency,
            names("trade.warehouse", one.warehouse) if one.warehouse else "",
            names("trade.organisations", one.my_company) if one.my_company is not None else "",
            names("pipeline", one.pipeline) if one.pipeline is not None else "",
            _("with VAT") if one.vat_included else _("VAT on top") if one.vat_included is not None else "",
            _("for all others") if one.default else "",
        )
        return ", ".join(part for part in told if part)
    return str(one)


def names(facts: Facts) -> Names:
    """How values of a setting (by its path; `path[]` for the keys of a mapping) are called."""
    there = facts.portal
    stages = {(of.entity_type_id, of.id, stage.id): stage.name for of in there.pipelines for stage in of.stages}
    price_types = {one.id: one.name for one in facts.price_types}
    tables: dict[str, Mapping[Any, str]] = {
        "portal_owns": {name: _(text) for name, text in FIELD_GROUPS.items()},
        "price_types[]": price_types,
        "price_types": {one.id: one.name for one in there.price_types},
        "units": {one.id: one.name for one in there.measures},
        "item_type_sections": {one.id: one.name for one in there.sections},
        "skipped_price_types": price_types,
        "base_price_type": price_types,
        "skipped_warehouses": {one.id: one.name for one in facts.warehouses},
        "trade.warehouse": {one.id: one.name for one in facts.warehouses},
        "trade.organisations[]": {one.id: one.name for one in facts.organisations},
        "trade.organisations": {one.id: one.name for one in there.my_companies},
        "notify_users": {one.id: one.name for one in there.users},
        "trade.responsible": {one.id: one.name for one in there.users},
        "stage": stages,
    }
    pipelines = {(of.entity_type_id, of.id): of.name for of in there.pipelines}

    def name(path: str, value: Any) -> str:
        if path.startswith(("trade.invoices.", "trade.deals.")):
            return _of_kind(path, value, pipelines, stages, tables["trade.organisations"])
        if path in ("trade.document_owners", "trade.party_owners"):
            return _(_OWNERS.get(value, str(value)))
        if path in ("trade.document_owners[]", "trade.party_owners[]"):
            return str(LABELS.get(value.replace("my_company", "organisation"), value))
        if path == "pipeline":
            return ", ".join(dict.fromkeys(title for (_kind, id), title in pipelines.items() if id == value)) or f"#{value}"
        if path == "stage":
            return tables[path].get(value, value[2])
        table = tables.get(path)
        return str(value) if table is None else table.get(value, f"#{value}" if isinstance(value, int) else str(value))

    return name


def _of_kind(
    path: str,
    value: Any,
    pipelines: Mapping[tuple[int, int], str],
    stages: Mapping[tuple[int, int, str], str],
    companies: Mapping[Any, str],
) -> str:
    kind = 31 if path.startswith("trade.invoices.") else 2
    field = path.rpartition(".")[2]
    if isinstance(value, dt.date):
        return formats.date_format(value, "SHORT_DATE_FORMAT")
    if field.endswith("[]") or field in ("pipelines", "pipeline_for_new"):
        return pipelines.get((kind, value), f"#{value}")
    if field == "my_companies":
        return companies.get(value, f"#{value}")
    if value == LEAVE:
        return _("stays where it is")
    return next((title for (of, _pipeline, id), title in stages.items() if (of, id) == (kind, value)), str(value))
