"""allauth's adapters: the app's id and secret come from the portal, accounts are made only by signing in with Bitrix24."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from django.http import HttpRequest, HttpResponseBadRequest
from django.shortcuts import render


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """No sign-up with a form; after signing in people go only to addresses of our own (allauth's own check).

    allauth ends the session of whoever was signed in before, so the portals of the same browser are carried into the new one.
    """

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def login(self, request: HttpRequest, user: Any) -> None:
        super().login(request, user)
        proved = getattr(request, "b24_proved", None)
        if proved is not None:
            from b24app import signed_in

            signed_in.add(request.session, proved, getattr(request, "b24_kept", {}))


class PortalAdapter(DefaultSocialAccountAdapter):  # type: ignore[misc]
    """A local app has its own id and secret per portal, so the app is chosen by the portal of the request."""

    def is_open_for_signup(self, request: HttpRequest, sociallogin: Any) -> bool:
        """Whoever is proved by his portal may have an account."""
        return True

    def pre_social_login(self, request: HttpRequest, sociallogin: Any) -> None:
        """Remember who is signed in with this browser while allauth changes the session."""
        from b24app import signed_in

        request.b24_kept = signed_in.known(request)  # type: ignore[attr-defined]

    def on_authentication_error(self, request: HttpRequest, provider: Any, **_: Any) -> None:
        """Our own page instead of allauth's; what went wrong is in the log, where it was noticed."""
        raise ImmediateHttpResponse(render(request, "b24app/notice.html", {"reason": "refused"}, status=403))

    def list_apps(self, request: HttpRequest | None, provider: str | None = None, client_id: str | None = None) -> list[Any]:
        # Models cannot be imported before the apps are ready, and allauth loads this module while they get ready.
        from allauth.socialaccount.models import SocialApp

        from b24app.login.portals import portal_named
        from b24app.oauth.server import Client

        portal = portal_named(request) if request is not None and provider in (None, "bitrix24") else None
        if portal is None:
            return []
        client = Client.of(portal)
        ours = {"client_id": client.client_id, "secret": client.client_secret, "settings": {}}
        return [SocialApp(provider="bitrix24", name=portal.domain, **ours)]

    def get_app(self, request: HttpRequest, provider: str, client_id: str | None = None) -> Any:
        """The app, or 400: allauth would answer an unknown portal with a 500."""
        apps = self.list_apps(request, provider, client_id)
        if not apps:
            raise ImmediateHttpResponse(HttpResponseBadRequest("This portal is not known here.", content_type="text/plain"))
        return apps[0]
