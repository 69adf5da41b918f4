"""Causes about companies, contacts and own organisations."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from b24app.pages.causes.words import Cause

PARTIES: dict[str, Cause] = {
    "party-ambiguous": Cause(
        ngettext_lazy(
            "%(count)d counterparty fits several companies or contacts",
            "%(count)d counterparties fit several companies or contacts",
            "count",
        ),
        _("Nothing was made or changed: a guess could join two different customers, and a new company would double one."),
        _("Choose the right company or contact beside each counterparty, or let a new one be made."),
        again=False,
    ),
    "party-conflict": Cause(
        ngettext_lazy(
            "%(count)d counterparty was changed on both sides", "%(count)d counterparties were changed on both sides", "count"
        ),
        _("The same field got different values in 1C and in Bitrix24. Its other fields are in line; documents go on."),
        _("Choose which value holds."),
        again=False,
    ),
    "party-twice": Cause(
        ngettext_lazy("%(count)d counterparty stands in 1C twice", "%(count)d counterparties stand in 1C twice", "count"),
        _(
            "Another counterparty of 1C with the same tax number uses this company already. Documents of both go to the one company."
        ),
        _("Join the two in 1C (mark one for deletion). If they are different customers, correct the tax numbers."),
    ),
    "person-ambiguous": Cause(
        ngettext_lazy(
            "%(count)d contact person fits several contacts", "%(count)d contact persons fit several contacts", "count"
        ),
        _("Several contacts of the portal have this phone or e-mail; none was changed, and none was made."),
        _("Join the doubled contacts in Bitrix24, then retry."),
    ),
    "own-company-missing": Cause(
        ngettext_lazy(
            "%(count)d organisation of 1C is none of your companies",
            "%(count)d organisations of 1C are none of your companies",
            "count",
        ),
        _("Own companies are never made by the exchange. They are found by their tax number among “My companies”."),
        _("Enter the organisation with its requisites in Bitrix24 (CRM → My companies), or choose it in the settings."),
        _("Tax number: %(tax_id)s"),
    ),
}
