"""Causes of problems in plain words: what happened, why it matters, what to do.

The exchange stores a code and facts (exchange/reports.py); this table makes the text when it is read, in the reader's language.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from b24app.pages.cause import Cause, Text
from b24app.pages.document_causes import DOCUMENT_CAUSES
from b24app.pages.party_causes import PARTY_CAUSES

CAUSES: dict[str, Cause] = {
    **DOCUMENT_CAUSES,
    **PARTY_CAUSES,
    "unreadable-file": Cause(
        ngettext_lazy("%(count)d file from 1C could not be read", "%(count)d files from 1C could not be read", "count"),
        _("The file is damaged or is not CommerceML. What was read before the damaged place is kept."),
        _("Run the exchange in 1C again. If it happens again, send the file to your integrator."),
        again=False,
    ),
    "unknown-currency": Cause(
        ngettext_lazy("%(count)d price in a currency we do not know", "%(count)d prices in a currency we do not know", "count"),
        _("The currency that 1C names is not among the currencies of the portal."),
        _("Add the currency in Bitrix24 (CRM settings → Currencies) or correct it in the price type in 1C, then retry."),
        _("Currency in 1C: %(currency)s"),
    ),
    "currency-missing": Cause(
        ngettext_lazy(
            "%(count)d item with a price in a currency the portal does not have",
            "%(count)d items with prices in currencies the portal does not have",
            "count",
        ),
        _(
            "The price waits, since the exchange rate of a new currency is for you to decide; the item's other prices have arrived."
        ),
        _("Add the currency with its rate in Bitrix24 (CRM settings → Currencies), then retry: the prices arrive at once."),
        _("Currency: %(currency)s"),
    ),
    "currency-refused": Cause(
        ngettext_lazy("%(count)d currency was not accepted", "%(count)d currencies were not accepted", "count"),
        _("The portal did not let us add the currency at the rate from the settings, so its prices wait."),
        _("Add the currency with its rate in Bitrix24 (CRM settings → Currencies), then retry."),
        _("Currency: %(currency)s"),
    ),
    "price-type-refused": Cause(
        ngettext_lazy("%(count)d price type was not accepted", "%(count)d price types were not accepted", "count"),
        _("The portal did not let us create the price type, so its prices do not arrive."),
        _(
            "Your Bitrix24 plan may allow only one price type. Choose one in the export settings of 1C, or change the plan, "
            "then retry."
        ),
    ),
    "name-missing": Cause(
        ngettext_lazy("%(count)d item without a name", "%(count)d items without a name", "count"),
        _("Bitrix24 does not accept an item without a name."),
        _("Give the item a name in 1C. It closes by itself after the next exchange."),
    ),
    "picture-missing": Cause(
        ngettext_lazy("%(count)d picture did not come", "%(count)d pictures did not come", "count"),
        _("The file mentions a picture that 1C did not send. The item itself is in the portal."),
        _("Attach the picture to the item in 1C again and export pictures once more."),
        _("Picture: %(path)s"),
    ),
    "picture-refused": Cause(
        ngettext_lazy("%(count)d picture was not accepted", "%(count)d pictures were not accepted", "count"),
        _("The picture is damaged, too large, or not an image. The item itself is in the portal."),
        _("Replace the picture in 1C with a JPEG or PNG under 10 MB."),
        _("Picture: %(path)s"),
    ),
    "unknown-unit": Cause(
        ngettext_lazy("%(count)d item with an unknown unit", "%(count)d items with an unknown unit", "count"),
        _("The portal has no such unit of measure, so the item has arrived without one."),
        _("Add the unit in Bitrix24 (CRM settings → Units of measurement) or choose a standard unit in 1C, then retry."),
        _("Unit in 1C: %(unit)s"),
    ),
    "unknown-vat": Cause(
        ngettext_lazy("%(count)d item with an unknown VAT rate", "%(count)d items with an unknown VAT rate", "count"),
        _("The portal has no such VAT rate, so the item has arrived without one."),
        _("Add the rate in Bitrix24 (CRM settings → Taxes), then retry."),
        _("Rate in 1C: %(rate)s"),
    ),
    "section-missing": Cause(
        ngettext_lazy("%(count)d item in a group that never came", "%(count)d items in a group that never came", "count"),
        _("The item belongs to a group that 1C has not sent, so it lies at the top of the catalogue."),
        _("Export the groups too: run a full export in 1C once."),
    ),
    "article-matches-several": Cause(
        ngettext_lazy(
            "%(count)d item whose article several products have", "%(count)d items whose article several products have", "count"
        ),
        _("More than one product of the portal carries this article; we do not guess which one is meant."),
        _("Leave the article on one of the products in Bitrix24, then retry."),
        _("Products in the portal: %(ids)s"),
    ),
    "barcode-matches-several": Cause(
        ngettext_lazy(
            "%(count)d item whose barcode several products have", "%(count)d items whose barcode several products have", "count"
        ),
        _("More than one product of the portal carries this barcode; we do not guess which one is meant."),
        _("Leave the barcode on one of the products in Bitrix24, then retry."),
        _("Products in the portal: %(ids)s"),
    ),
    "match-of-another-kind": Cause(
        ngettext_lazy(
            "%(count)d item whose article or barcode a product of another kind has",
            "%(count)d items whose articles or barcodes products of another kind have",
            "count",
        ),
        _(
            "The portal has it as another kind of product (a service, or goods with or without variants), and cannot turn one "
            "into the other."
        ),
        _("Take the article and barcode off that product in Bitrix24, or delete it, then retry: a new product is made."),
        _("Products in the portal: %(ids)s"),
    ),
    "property-type-changed": Cause(
        ngettext_lazy("%(count)d property has changed its type", "%(count)d properties have changed their type", "count"),
        _("In 1C the property is now of another type than in the portal, and the portal cannot convert it."),
        _("Delete the property in the Bitrix24 catalogue (its values come back from 1C), then retry."),
    ),
    "property-refused": Cause(
        ngettext_lazy("%(count)d property was not accepted", "%(count)d properties were not accepted", "count"),
        _("The portal did not take the property, so its values do not arrive; the items themselves do."),
        _("Correct the property in 1C or make it in the Bitrix24 catalogue by hand under the same name, then retry."),
    ),
    "section-refused": Cause(
        ngettext_lazy("%(count)d group was not accepted", "%(count)d groups were not accepted", "count"),
        _("The portal did not take the group, so its items lie at the top of the catalogue."),
        _("Correct the name of the group in 1C, then retry."),
    ),
    "unknown-price-type": Cause(
        ngettext_lazy(
            "%(count)d item with a price of an unknown type", "%(count)d items with a price of an unknown type", "count"
        ),
        _("1C sent a price of a type that it has not sent itself; the item's other prices have arrived."),
        _("Export the price types too: run a full export in 1C once."),
        _("Price type: %(price_type)s"),
    ),
    "unknown-value": Cause(
        ngettext_lazy(
            "%(count)d item with a value missing in its list", "%(count)d items with a value missing in their list", "count"
        ),
        _("The item names a value of a property that 1C has not sent in the list of values; the rest of the item has arrived."),
        _("Run a full export in 1C once: the lists of values come along."),
        _("Value: %(value)s"),
    ),
    "portal-refused": Cause(
        ngettext_lazy("The portal did not accept %(count)d object", "The portal did not accept %(count)d objects", "count"),
        _("Bitrix24 answered with an error; its own words are shown with each object."),
        _("Correct the object in 1C or in the portal, then retry."),
    ),
    "order-unknown": Cause(
        ngettext_lazy(
            "%(count)d payment or shipment of an unknown order", "%(count)d payments or shipments of unknown orders", "count"
        ),
        _("1C names an order that has not come. What it told is kept, and is added to the order as soon as that comes."),
        _("Have 1C send the order: save it again there, or widen the selection of orders in the exchange settings of 1C."),
        _("Order in 1C: %(basis)s"),
        again=False,
    ),
    "document-not-read": Cause(
        ngettext_lazy("%(count)d document of 1C could not be read", "%(count)d documents of 1C could not be read", "count"),
        _("Something in it is not as 1C writes documents; the others of its file have arrived."),
        _("Open the document in 1C, correct and save it. If it happens again, send the file to your integrator."),
        again=False,
    ),
    "document-rejected": Cause(
        ngettext_lazy("1C did not take %(count)d document", "1C did not take %(count)d documents", "count"),
        _("It went to 1C several times by itself, and 1C never confirmed it. It is left out, so that the others arrive."),
        _(
            "Look into the log of the exchange in 1C, correct the document in Bitrix24 (then it goes by itself) or in 1C, then retry."
        ),
        _("Number: %(number)s, sent alone %(times)s times"),
    ),
    "document-not-written": Cause(
        ngettext_lazy("%(count)d document cannot be told to 1C", "%(count)d documents cannot be told to 1C", "count"),
        _("Something that 1C demands of every document is missing, or its number does not suit the chosen configuration."),
        _("Complete the document in Bitrix24: then it goes by itself. Of a number that does not suit, retrying makes another."),
        _("Number: %(number)s, reason: %(reason)s"),
    ),
    "catalog-missing": Cause(
        ngettext_lazy("The portal has no catalogue of goods", "The portal has no catalogue of goods", "count"),
        _("Goods from 1C have no place to go until the CRM catalogue exists."),
        _("Open “CRM → Products” in Bitrix24 once and save any product, then retry."),
    ),
    "too-many-absent": Cause(
        ngettext_lazy(
            "A full export lacks too many items (%(count)d base)", "Full exports lack too many items (%(count)d bases)", "count"
        ),
        _("So many items are missing from the full export that it looks like a mistake. Nothing was switched off in the portal."),
        _("Check the filters of the export in 1C and export again; or say here whether the items are really gone."),
        _("Missing: %(absent)s of %(total)s, for example: %(names)s"),
        again=False,
    ),
    "offer-without-product": Cause(
        ngettext_lazy("%(count)d offer without its product", "%(count)d offers without their product", "count"),
        _("1C sent a price or stock of an item that it has not sent itself."),
        _("Run a full export in 1C once: the item comes first, then its prices."),
    ),
    "stock-document-refused": Cause(
        ngettext_lazy("%(count)d stock change was not accepted", "%(count)d stock changes were not accepted", "count"),
        _("Warehouse accounting is on in the portal, and it refused the document that brings the stock in line with 1C."),
        _("Look at the portal's words beside the item, correct the stock in Bitrix24 if needed, then retry."),
    ),
    "tariff": Cause(
        ngettext_lazy(
            "The Bitrix24 plan does not allow this", "The Bitrix24 plan does not allow this (%(count)d times)", "count"
        ),
        _("REST or the catalogue is limited on the portal's present plan, or the application is not paid."),
        _("Check the plan and the subscription in Bitrix24, then retry. Nothing is lost meanwhile: all waits here."),
    ),
    "no-rights": Cause(
        ngettext_lazy("Rights are missing (%(count)d object)", "Rights are missing (%(count)d objects)", "count"),
        _("The administrator who installed the application may no longer change the catalogue, or a permission was not granted."),
        _(
            "Give that administrator the right to edit the catalogue, or install the application again as another one, "
            "then retry."
        ),
    ),
    "connection-lost": Cause(
        ngettext_lazy("The portal lets us in no more", "The portal lets us in no more", "count"),
        _("The permission of the application has expired or was withdrawn."),
        _("Open this page as an administrator (that renews the permission) or install the application again. All waits here."),
    ),
}
UNKNOWN = Cause(
    ngettext_lazy("%(count)d object could not be transferred", "%(count)d objects could not be transferred", "count"),
    _("The exact reason is shown with each object."),
    _("Retry. If it happens again, send the text to your integrator."),
)

# Why a whole portal cannot be called just now (`Portal.trouble`).
TROUBLES: dict[str, Text] = {
    "access_revoked": _(
        "The portal no longer lets the application in. Open this page as an administrator or install the application again; "
        "everything from 1C waits here."
    ),
    "not_installed": _("The portal does not have the application any more. Install it again; everything from 1C waits here."),
    "payment_required": _("The application is not paid. Sending goes on as soon as it is; everything from 1C waits here."),
    "tariff": _("The portal's Bitrix24 plan has no REST. Sending goes on after a change of plan; everything from 1C waits here."),
    "portal_deleted": _("Bitrix24 says that this portal was deleted."),
    "uninstalled": _("The application was uninstalled from the portal."),
}
TROUBLE_UNKNOWN = _("The portal does not take data at the moment (%(code)s). We keep trying; everything from 1C waits here.")


def cause(code: str) -> Cause:
    """The texts of that cause; an unlisted code gets general words."""
    return CAUSES.get(code, UNKNOWN)


def title(code: str, count: int) -> str:
    """The cause as a heading, with the number of objects in correct plural."""
    return str(cause(code).title % {"count": count})


def detail(code: str, facts: Mapping[str, Any]) -> str:
    """What is special about one object: our sentence where the facts allow it, then the words of the portal if there are any."""
    parts = []
    template = cause(code).detail
    if template:
        with contextlib.suppress(KeyError):
            parts.append(str(template) % {name: str(value) for name, value in facts.items()})
    said = next((str(facts[name]) for name in ("answer", "message", "description") if facts.get(name)), "")
    if said and said not in parts:
        parts.append(said)
    return " · ".join(parts)[:500]


def trouble(code: str) -> str:
    """Why the portal cannot be called, as a sentence ("" for no trouble)."""
    if not code:
        return ""
    return str(TROUBLES[code]) if code in TROUBLES else str(TROUBLE_UNKNOWN) % {"code": code}
