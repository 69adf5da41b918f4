"""Causes of problems about documents that travel both ways, in plain words (see causes.py)."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from b24app.pages.cause import Cause

DOCUMENT_CAUSES: dict[str, Cause] = {
    "document-conflict": Cause(
        ngettext_lazy("%(count)d document was changed on both sides", "%(count)d documents were changed on both sides", "count"),
        _("The same field got different values in 1C and in Bitrix24 since both last agreed. The other fields are in line."),
        _("Choose beside each document which side's values hold; the other side gets them."),
        again=False,
    ),
    "document-not-taken": Cause(
        ngettext_lazy("1C keeps its own values in %(count)d document", "1C keeps its own values in %(count)d documents", "count"),
        _("1C was given the change and confirmed it, but went on with its own: so it does with orders that are paid or shipped."),
        _("Take 1C's values here, or make the change in 1C by hand: then both sides agree and this closes by itself."),
        again=False,
    ),
    "document-without-buyer": Cause(
        ngettext_lazy("%(count)d document without a buyer", "%(count)d documents without a buyer", "count"),
        _("1C takes no order without a counterparty, so the document waits here."),
        _("Choose the company or contact in the document in Bitrix24: then it goes by itself."),
        again=False,
    ),
    "document-without-lines": Cause(
        ngettext_lazy("%(count)d document without goods", "%(count)d documents without goods", "count"),
        _("1C takes no order without goods or services, so the document waits here."),
        _("Add products to the document in Bitrix24: then it goes by itself."),
        again=False,
    ),
    "amount-inexact": Cause(
        ngettext_lazy(
            "The sum of %(count)d document cannot be shown exactly",
            "The sums of %(count)d documents cannot be shown exactly",
            "count",
        ),
        _("Bitrix24 calculates lines in another way than 1C, and no price gives exactly 1C's sum."),
        _("Correct quantity, price or discount of the line in 1C, so that its sum is a whole number of kopecks."),
        again=False,
    ),
    "stage-refused": Cause(
        ngettext_lazy(
            "The stage of %(count)d document was not accepted", "The stages of %(count)d documents were not accepted", "count"
        ),
        _("Bitrix24 did not let us move the document: a field may be required there, or the stage was deleted."),
        _("Move the document by hand, or choose another stage in the settings, then retry."),
    ),
    "no-number-left": Cause(
        ngettext_lazy("%(count)d document got no number", "%(count)d documents got no number", "count"),
        _("Every number that this 1C can understand is taken already, so the document cannot go to 1C."),
        _("Write to your integrator: the numbers of this base need another prefix."),
        again=False,
    ),
    "own-fields-refused": Cause(
        ngettext_lazy("The fields for 1C could not be made", "The fields for 1C could not be made", "count"),
        _("Bitrix24 did not let us add the fields “Paid”, “Shipped” and others; documents travel without them."),
        _("Let an administrator with full rights to the CRM open the application, then retry."),
    ),
    "offers-catalog-missing": Cause(
        ngettext_lazy("%(count)d item with variants has no place", "%(count)d items with variants have no place", "count"),
        _("The portal's catalogue has no variants, so items with characteristics cannot be kept in it."),
        _("Switch on product variants in the catalogue settings of Bitrix24, then retry."),
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
}
