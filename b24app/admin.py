"""For the operator: portals, their journal and events, to look at. No secret is ever shown, and nothing can be edited by hand."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db import models
from django.http import HttpRequest

from b24app.models import InboundEvent, Lane, Portal, RestCall, ServiceCredential


class ReadOnly(admin.ModelAdmin):  # type: ignore[type-arg]
    """A table that can only be read."""

    # Django 5.2 warns of its next default otherwise.
    formfield_overrides = {models.URLField: {"assume_scheme": "https"}}

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Portal)
class PortalAdmin(ReadOnly):
    list_display = ("domain", "member_id", "status", "licence", "trouble", "installed_at", "uninstalled_at")
    search_fields = ("domain", "member_id")
    exclude = ("client_secret", "application_token")


@admin.register(ServiceCredential)
class ServiceCredentialAdmin(ReadOnly):
    list_display = ("portal", "user_id", "expires_at", "updated_at")
    exclude = ("access_token", "refresh_token")


@admin.register(RestCall)
class RestCallAdmin(ReadOnly):
    list_display = ("at", "portal", "method", "commands", "status", "error", "milliseconds")
    list_filter = ("status",)
    search_fields = ("method", "error")
    show_full_result_count = False


@admin.register(InboundEvent)
class InboundEventAdmin(ReadOnly):
    list_display = ("received_at", "portal", "code", "object_id", "handled_at", "attempts")
    list_filter = ("code",)
    show_full_result_count = False


@admin.register(Lane)
class LaneAdmin(ReadOnly):
    list_display = ("portal", "work", "due_at", "lease_until", "owner", "fence")
