"""Causes about files and about the portal as a whole."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from b24app.pages.causes.words import Cause, Text

GENERAL: dict[str, Cause] = {
    "unreadable-file": Cause(
        ngettext_lazy("%(count)d file from 1C could not be read", "%(count)d files from 1C could not be read", "count"),
        _("The file is damaged or is not CommerceML. What was read before the damaged place is kept."),
        _("Run the exchange in 1C again. If it happens again, send the file to your integrator."),
        again=False,
    ),
    "portal-refused": Cause(
        ngettext_lazy("The portal did not accept %(count)d object", "The portal did not accept %(count)d objects", "count"),
        _("Bitrix24 answered with an error; its own words are shown with each object."),
        _("Correct the object in 1C or in the portal, then retry."),
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
    "own-fields-refused": Cause(
        ngettext_lazy("The fields for 1C could not be made", "The fields for 1C could not be made", "count"),
        _("Bitrix24 did not let us add the fields “Paid”, “Shipped” and others; documents travel without them."),
        _("Let an administrator with full rights to the CRM open the application, then retry."),
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
