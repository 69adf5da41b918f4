"""Portals, their credentials, what they told us, what we asked them, and the lane that orders the work of each."""

from __future__ import annotations

import datetime as dt
import zoneinfo

from django.db import models
from django.db.models.functions import Now

from b24app.sealed import SealedTextField


class Portal(models.Model):
    """One Bitrix24 portal where the app is installed: the tenant. `member_id` never changes, the domain may."""

    member_id = models.CharField(max_length=64, unique=True)
    domain = models.CharField(max_length=255)
    client_endpoint = models.URLField(max_length=255)
    server_endpoint = models.URLField(max_length=255, blank=True)
    client_id = models.CharField(max_length=100, blank=True)
    client_secret = SealedTextField(null=True)
    application_token = SealedTextField(null=True)
    scope = models.TextField(blank=True)
    status = models.CharField(max_length=1, blank=True)
    licence = models.CharField(max_length=64, blank=True)
    language = models.CharField(max_length=8, default="en")
    # Facts read from the portal and cached: iblock ids, warehouse accounting, base currency, limits.
    facts = models.JSONField(default=dict)
    # Why the portal cannot be called at present ("" = all is well): shown to the administrator.
    trouble = models.CharField(max_length=64, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    installed_at = models.DateTimeField(null=True)
    uninstalled_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.domain

    @property
    def zone(self) -> dt.tzinfo:
        """The portal's time as its facts tell it: the named zone, else the offset of its clock, else UTC."""
        name, offset = self.facts.get("time_zone"), self.facts.get("utc_offset")
        try:
            if name:
                return zoneinfo.ZoneInfo(str(name))
        except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
            pass
        return dt.timezone(dt.timedelta(seconds=offset)) if isinstance(offset, int) and abs(offset) < 86400 else dt.UTC


class ServiceCredential(models.Model):
    """The installing administrator's tokens: what background work calls the portal with."""

    portal = models.OneToOneField(Portal, models.CASCADE, related_name="credential")
    user_id = models.BigIntegerField()
    access_token = SealedTextField()
    refresh_token = SealedTextField()
    expires_at = models.DateTimeField()
    updated_at = models.DateTimeField(auto_now=True)


class Person(models.Model):
    """What one portal user chose for himself in the app; nothing else about him is kept."""

    portal = models.ForeignKey(Portal, models.CASCADE)
    user_id = models.BigIntegerField()
    # One of LANGUAGES: the portal has no Romanian, so a person may want another language than the portal's ("" = the portal's).
    language = models.CharField(max_length=8, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["portal", "user_id"], name="one_row_per_person")]


class InboundEvent(models.Model):
    """An event as the portal sent it, stored before anything else; one waiting row per object and code."""

    portal = models.ForeignKey(Portal, models.CASCADE)
    code = models.CharField(max_length=100)
    object_id = models.CharField(max_length=64, blank=True)
    data = models.JSONField(default=dict)
    received_at = models.DateTimeField(db_default=Now())
    handled_at = models.DateTimeField(null=True)
    attempts = models.PositiveIntegerField(default=0)
    error = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["portal", "code", "object_id"],
                condition=models.Q(handled_at__isnull=True),
                name="one_waiting_event_per_object",
            )
        ]


class RestCall(models.Model):
    """One HTTP request to the portal and its answer, masked; the journal that the marketplace demands (3 days or more)."""

    portal = models.ForeignKey(Portal, models.CASCADE)
    at = models.DateTimeField(db_default=Now(), db_index=True)
    method = models.CharField(max_length=100)
    commands = models.PositiveIntegerField(default=1)
    status = models.PositiveSmallIntegerField(default=0)
    error = models.CharField(max_length=200, blank=True)
    milliseconds = models.PositiveIntegerField(default=0)
    request = models.TextField(blank=True)
    answer = models.TextField(blank=True)


class Lane(models.Model):
    """One queue position of a portal: who works for it now, until when, and when it is next due (see lanes.py).

    Documents have a lane of their own beside the catalogue's, so that a payment never waits behind a hundred thousand items.
    """

    portal = models.ForeignKey(Portal, models.CASCADE)
    work = models.CharField(max_length=12, db_default="catalog")
    due_at = models.DateTimeField(null=True, db_index=True)
    lease_until = models.DateTimeField(null=True)
    owner = models.CharField(max_length=100, blank=True, db_default="")
    fence = models.BigIntegerField(db_default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["portal", "work"], name="one_lane_per_work")]
