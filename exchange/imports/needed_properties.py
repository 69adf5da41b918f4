"""Which properties the portal must have before the items that are due can have their values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from django.utils.translation import gettext

from exchange.imports.portal_lists import Links
from exchange.imports.properties import WantedProperty, option_key, wanted_properties
from exchange.imports.survey import Needs
from exchange.planning.catalog import requisite_property
from exchange.planning.desired import Row
from exchange.planning.references import ARTICLE, BARCODE, BRAND, CODE, COUNTRY, ITEM_KIND, MANUFACTURER

_SYSTEM: Mapping[str, tuple[str, str]] = {
    # key of the state row's facet → external id and code of the property
    "article": (ARTICLE, ARTICLE),
    "barcodes": (BARCODE, BARCODE),
    "manufacturer": (MANUFACTURER, MANUFACTURER),
    "brand": (BRAND, BRAND),
    "country": (COUNTRY, COUNTRY),
    "code": (CODE, CODE),
    "item_kind": (ITEM_KIND, ITEM_KIND),
}


def needed_properties(due: Sequence[Row], every: Sequence[Row], needs: Needs, links: Links) -> list[WantedProperty]:
    """Properties to make sure of: those of 1C that changed, those that offers use, and those for facts without a field (named in the
    active language)."""
    in_offers = {key for key, variant in needs.properties if variant}
    wanted = [one for row in due for one in wanted_properties(row, row.onec_id in in_offers)]
    told = {row.onec_id: row for row in every}
    fresh = {row.onec_id for row in due}
    for key in sorted(in_offers - fresh):
        if key in told and key not in links["offer_property"]:
            wanted += [one for one in wanted_properties(told[key], used_by_offers=True) if one.for_offers]
    titles = {
        "article": gettext("Article"),
        "barcodes": gettext("Barcode"),
        "manufacturer": gettext("Manufacturer"),
        "brand": gettext("Brand"),
        "country": gettext("Country of origin"),
        "code": gettext("Code in 1C"),
        "item_kind": gettext("Item kind in 1C"),
    }
    for facet, (key, code) in _SYSTEM.items():
        for variant in (False, True):
            if (facet, variant) in needs.has and key not in links["offer_property" if variant else "property"]:
                wanted.append(WantedProperty(key, titles[facet], "string", variant, multiple=facet == "barcodes", code=code))
    for name, variant in sorted(needs.requisites):
        key = requisite_property(name)
        if key not in links["offer_property" if variant else "property"]:
            wanted.append(WantedProperty(key, name[:255], "string", variant, multiple=True))
    for key, (name, values) in sorted(needs.traits.items()):
        texts = {value: value for value in sorted(values) if value}
        known = links["offer_option"]
        if key in told:
            continue  # a property of 1C of the same id brings its own values
        if key not in links["offer_property"] or any(option_key(key, text) not in known for text in texts):
            wanted.append(WantedProperty(key, name[:255], "list", for_offers=True, options=texts))
    return wanted
