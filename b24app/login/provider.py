"""The allauth provider "bitrix24": a person is `member_id:user_id`, and nothing he could choose himself identifies him."""

from __future__ import annotations

from typing import Any

from allauth.socialaccount.providers.base import ProviderAccount
from allauth.socialaccount.providers.oauth2.provider import OAuth2Provider
from django.http import HttpRequest

from b24app.login.views import Bitrix24Adapter


class Bitrix24Account(ProviderAccount):  # type: ignore[misc]
    """How an account is shown."""

    def to_str(self) -> str:
        data = self.account.extra_data
        return f"{data.get('name') or data.get('user_id')} · {data.get('domain')}"


class Bitrix24Provider(OAuth2Provider):  # type: ignore[misc]
    """Sign-in at the person's own portal, among the portals that installed the app."""

    id = "bitrix24"
    name = "Bitrix24"
    account_class = Bitrix24Account
    oauth2_adapter_class = Bitrix24Adapter
    pkce_enabled_default = False

    def get_redirect_from_request_kwargs(self, request: HttpRequest) -> dict[str, Any]:
        """Scopes stand on the app's card: allauth's `?scope=` and `?auth_params=` are dropped; the state remembers the portal."""
        kwargs: dict[str, Any] = super().get_redirect_from_request_kwargs(request)
        kwargs["scope"], kwargs["auth_params"] = [], {}
        # allauth's `?process=` would tie an account to whoever is signed in: here it is always a sign-in.
        kwargs["process"] = "login"
        kwargs["portal_id"] = self.get_oauth2_adapter(request).portal().pk
        return kwargs

    def extract_uid(self, data: dict[str, Any]) -> str:
        return f"{data['member_id']}:{data['user_id']}"

    def extract_common_fields(self, data: dict[str, Any]) -> dict[str, Any]:
        return {"username": f"{data['member_id'][:12]}-{data['user_id']}", "first_name": data.get("name", "")}

    def extract_email_addresses(self, data: dict[str, Any]) -> list[Any]:
        """None: accounts are never matched by e-mail, which any portal's administrator can set."""
        return []


provider_classes = [Bitrix24Provider]
