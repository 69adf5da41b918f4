"""The two steps of the full-page sign-in: to the portal's login, and back with a code. No host is taken from the request."""

from __future__ import annotations

import logging
from typing import Any

from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.models import SocialApp, SocialLogin, SocialToken
from allauth.socialaccount.providers.base import ProviderException
from allauth.socialaccount.providers.oauth2.client import OAuth2Client, OAuth2Error
from allauth.socialaccount.providers.oauth2.views import OAuth2Adapter, OAuth2CallbackView, OAuth2LoginView
from django.conf import settings
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBadRequest
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST
from django_htmx.http import HttpResponseClientRedirect

from b24app import signed_in
from b24app.login.portals import portal_named
from b24app.models import Portal
from b24app.oauth import server
from b24app.oauth.addresses import listed_server, origin_of
from b24app.oauth.proof import Unproved, identify
from b24app.rest.errors import RestError
from b24app.sealed import Secret

log = logging.getLogger(__name__)


class Bitrix24Client(OAuth2Client):  # type: ignore[misc]
    """The code goes to a listed server as a form; Bitrix24 takes scope and redirect address from the app's card."""

    def get_redirect_url(self, authorization_url: str, scope: list[str], extra_params: dict[str, Any]) -> str:
        return str(super().get_redirect_url(authorization_url, [], extra_params))

    def get_access_token(self, code: str, pkce_code_verifier: str | None = None, extra_data: Any = None) -> dict[str, Any]:
        client = server.Client(self.consumer_key, Secret(self.consumer_secret))
        try:
            grant = server.exchange(self.access_token_url.removesuffix("/oauth/token/"), client, code)
        except RestError as error:
            log.warning("sign-in: the code was not accepted: %s", error.code)
            raise OAuth2Error("the code was not accepted") from error
        return {"access_token": str(grant.access_token), "expires_in": grant.expires_in, "grant": grant}


class Bitrix24Adapter(OAuth2Adapter):  # type: ignore[misc]
    """Where the person signs in, and the check that the answer is about that portal and that person."""

    provider_id = "bitrix24"
    client_class = Bitrix24Client

    def portal(self) -> Portal:
        """The installed portal that the request names, or a 400 at once."""
        found = portal_named(self.request)
        if found is None:
            raise ImmediateHttpResponse(HttpResponseBadRequest("This portal is not known here.", content_type="text/plain"))
        return found

    @property
    def authorize_url(self) -> str:
        return f"{origin_of(self.portal().client_endpoint)}/oauth/authorize/"

    @property
    def access_token_url(self) -> str:
        return f"{listed_server(self.portal().server_endpoint, settings.B24_OAUTH_SERVERS)}/oauth/token/"

    def complete_login(self, request: HttpRequest, app: SocialApp, token: SocialToken, **kwargs: Any) -> SocialLogin:
        """The person of the token, who must be one of the very portal that the sign-in began with."""
        grant: server.Grant = kwargs["response"]["grant"]
        portal = self.portal()
        if grant.member_id != portal.member_id:
            raise ProviderException("the token belongs to another portal")
        try:
            user_id, admin = identify(portal, grant.access_token)
        except (Unproved, RestError) as error:
            log.warning("sign-in: person not proved on portal %s: %s", portal.pk, error)
            raise ProviderException("the portal did not confirm the person") from error
        # The adapter keeps him in the session once the sign-in is complete.
        request.b24_proved = signed_in.Proved(portal, user_id, admin, grant.access_token, grant.expires_in)  # type: ignore[attr-defined]
        person = {"member_id": portal.member_id, "user_id": user_id, "domain": portal.domain}
        return self.get_provider().sociallogin_from_response(request, person)


class PortalCallback(OAuth2CallbackView):  # type: ignore[misc]
    """As allauth's, but only for the portal that the state was made for: what began at one portal ends there."""

    def _get_state(self, request: HttpRequest, provider: Any) -> tuple[Any, Any]:
        state, response = super()._get_state(request, provider)
        if state is not None and state.get("portal_id") != self.adapter.portal().pk:
            log.warning("sign-in: the callback names another portal than it began with")
            refusal = HttpResponseBadRequest("This sign-in began at another portal.", content_type="text/plain")
            raise ImmediateHttpResponse(refusal)
        return state, response


oauth2_login = OAuth2LoginView.adapter_view(Bitrix24Adapter)
oauth2_callback = PortalCallback.adapter_view(Bitrix24Adapter)


@require_GET
@never_cache
def start(request: HttpRequest) -> HttpResponse:
    """Where a sign-in begins: the portal is typed, then a link leads to it.

    A link, because the policy lets no form end at another site, not even by a redirect.
    """
    named, portal = request.GET.get("portal", "").strip()[:255], portal_named(request)
    context = {"named": named, "portal": portal, "next": request.GET.get("next", "")[:2000]}
    return render(request, "b24app/sign_in.html", context)


@require_GET
@never_cache
@login_required
def done(request: HttpRequest) -> HttpResponse:
    """The portals that the person has signed in at with this browser: to open one, to add another, to sign out."""
    chosen = request.session.get(signed_in.CHOSEN)
    return render(request, "b24app/portals.html", {"portals": signed_in.portals(request), "chosen": chosen})


@require_POST
@login_required
def choose(request: HttpRequest) -> HttpResponse:
    """Open the app in one of the person's portals; 404 for any other."""
    if signed_in.choose(request, request.POST.get("portal", "")) is None:
        raise Http404
    if getattr(request, "htmx", False):
        return HttpResponseClientRedirect(reverse("pages:overview"))
    return redirect("pages:overview")


@require_POST
@login_required
def leave(request: HttpRequest) -> HttpResponse:
    """Sign out of every portal: the session and the tokens in it are gone."""
    logout(request)
    return redirect("account_login")
