"""Causes about the catalogue: items, offers, prices, stock, and what they refer to."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from b24app.pages.causes.words import Cause

GOODS: dict[str, Cause] = {
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
    "unknown-price-type": Cause(
        ngettext_lazy(
            "%(count)d item with a price of an unknown type", "%(count)d items with a price of an unknown type", "count"
        ),
        _("1C sent a price of a type that it has not sent itself; the item's other prices have arrived."),
        _("Export the price types too: run a full export in 1C once."),
        _("Price type: %(price_type)s"),
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
        _("Choose a unit of Bitrix24 for it in the settings of the base (Units and VAT), or a standard unit in 1C."),
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
    "section-refused": Cause(
        ngettext_lazy("%(count)d group was not accepted", "%(count)d groups were not accepted", "count"),
        _("The portal did not take the group, so its items lie at the top of the catalogue."),
        _("Correct the name of the group in 1C, then retry."),
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
    "unknown-value": Cause(
        ngettext_lazy(
            "%(count)d item with a value missing in its list", "%(count)d items with a value missing in their list", "count"
        ),
        _("The item names a value of a property that 1C has not sent in the list of values; the rest of the item has arrived."),
        _("Run a full export in 1C once: the lists of values come along."),
        _("Value: %(value)s"),
    ),
    "several-values": Cause(
        ngettext_lazy(
            "%(count)d item with several values of a single property",
            "%(count)d items with several values of single properties",
            "count",
        ),
        _("In Bitrix24 the property takes one value; the first has arrived."),
        _("Allow several values in the property in Bitrix24, or leave one in 1C, then retry."),
        _("Property: %(property)s"),
    ),
    "bad-number": Cause(
        ngettext_lazy(
            "%(count)d item with a value that is no number", "%(count)d items with values that are no numbers", "count"
        ),
        _("The property takes numbers only; the rest of the item has arrived."),
        _("Correct the value in 1C. It closes by itself after the next exchange."),
        _("Value: %(value)s"),
    ),
    "bad-date": Cause(
        ngettext_lazy("%(count)d item with a value that is no date", "%(count)d items with values that are no dates", "count"),
        _("The property takes dates only; the rest of the item has arrived."),
        _("Correct the value in 1C. It closes by itself after the next exchange."),
        _("Value: %(value)s"),
    ),
    "offers-catalog-missing": Cause(
        ngettext_lazy("%(count)d item with variants has no place", "%(count)d items with variants have no place", "count"),
        _("The portal's catalogue has no variants, so items with characteristics cannot be kept in it."),
        _("Switch on product variants in the catalogue settings of Bitrix24, then retry."),
    ),
    "offer-without-product": Cause(
        ngettext_lazy("%(count)d offer without its product", "%(count)d offers without their product", "count"),
        _("1C sent a price or stock of an item that it has not sent itself."),
        _("Run a full export in 1C once: the item comes first, then its prices."),
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
    "stock-document-refused": Cause(
        ngettext_lazy("%(count)d stock change was not accepted", "%(count)d stock changes were not accepted", "count"),
        _("Warehouse accounting is on in the portal, and it refused the document that brings the stock in line with 1C."),
        _("Look at the portal's words beside the item, correct the stock in Bitrix24 if needed, then retry."),
    ),
    "catalog-missing": Cause(
        ngettext_lazy("The portal has no catalogue of goods", "The portal has no catalogue of goods", "count"),
        _("Goods from 1C have no place to go until the CRM catalogue exists."),
        _("Open “CRM → Products” in Bitrix24 once and save any product, then retry."),
    ),
}
