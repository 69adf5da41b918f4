"""Causes about documents that travel both ways."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from b24app.pages.causes.words import Cause

DOCUMENTS: dict[str, Cause] = {
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
}
