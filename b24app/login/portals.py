"""Which portal a sign-in is about."""

from __future__ import annotations

from django.http import HttpRequest

from b24app.models import Portal
from b24app.oauth.addresses import UntrustedAddress, domain_of


def portal_named(request: HttpRequest) -> Portal | None:
    """The installed portal that `?portal=` (ours) or `?domain=` (Bitrix24's callback) names: only one that we store."""
    named = request.GET.get("portal") or request.GET.get("domain") or ""
    try:
        found = Portal.objects.filter(domain=domain_of(named), uninstalled_at=None).exclude(installed_at=None)
        return found.order_by("-installed_at").first()
    except UntrustedAddress:
        return None
