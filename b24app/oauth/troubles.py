"""Why a portal cannot be called, as one word on `Portal.trouble`: pages turn it into a sentence, background work waits."""

from __future__ import annotations

from b24app import lanes
from b24app.models import Portal
from b24app.rest.errors import Fate, RestError

ACCESS_REVOKED = "access_revoked"  # the refresh token is dead: an administrator must open (re-install) the app
NOT_INSTALLED = "not_installed"
PAYMENT_REQUIRED = "payment_required"
TARIFF = "tariff"  # REST is only there on commercial plans
PORTAL_DELETED = "portal_deleted"
UNINSTALLED = "uninstalled"
# An administrator who opens the app brings tokens that work again.
HEALED_BY_ADMIN = (ACCESS_REVOKED, NOT_INSTALLED)
# Ends somewhere else without a word to us: asked after now and then. (Asking with a dead token would only annoy the server.)
MAY_PASS = (PAYMENT_REQUIRED, TARIFF)

_BY_CODE = {
    "invalid_grant": ACCESS_REVOKED,
    "invalid_token": ACCESS_REVOKED,
    "no_auth_found": ACCESS_REVOKED,
    "invalid_client": NOT_INSTALLED,
    "wrong_client": NOT_INSTALLED,
    "error_oauth": NOT_INSTALLED,
    "not_installed": NOT_INSTALLED,
    "application_not_found": NOT_INSTALLED,
    "application_not_installed": NOT_INSTALLED,
    "payment_required": PAYMENT_REQUIRED,
    "portal_deleted": PORTAL_DELETED,
}


def trouble_of(error: RestError) -> str:
    """The trouble that `error` means for the whole portal; "" when it concerns one request only or passes by itself."""
    code = error.code.lower()
    if code in _BY_CODE:
        return _BY_CODE[code]
    if error.fate is Fate.PERSON and "commercial plans" in error.description.lower():
        return TARIFF
    return ""


def note(portal_id: int, error: RestError) -> str:
    """Write down what `error` means for the portal, if anything, and return it; an uninstalled portal stays so."""
    trouble = trouble_of(error)
    if trouble:
        Portal.objects.filter(pk=portal_id, uninstalled_at=None).update(trouble=trouble)
    return trouble


def clear(portal_id: int) -> None:
    """All is well again (a token was refreshed, somebody came in): what waited for it is due now."""
    if Portal.objects.filter(pk=portal_id, uninstalled_at=None).exclude(trouble="").update(trouble=""):
        lanes.mark_due(portal_id)
