"""What corresponds to what: links between identities, and the versioned rules of each base."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now

from b24app.models import Portal


class Link(models.Model):
    """1C's id and the portal's id of one thing. `scope` is the base's primary key: mapping never knows the exchange."""

    portal = models.ForeignKey(Portal, models.CASCADE)
    scope = models.BigIntegerField()
    kind = models.CharField(max_length=20)
    onec_id = models.CharField(max_length=255)
    b24_id = models.BigIntegerField()
    linked_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["portal", "scope", "kind", "onec_id"], name="one_b24_id_per_onec_id"),
            models.UniqueConstraint(fields=["portal", "scope", "kind", "b24_id"], name="one_onec_id_per_b24_id"),
        ]


class RuleSet(models.Model):
    """One version of a base's rules: the newest is in force, the others tell who changed what and when."""

    portal = models.ForeignKey(Portal, models.CASCADE)
    scope = models.BigIntegerField()
    version = models.PositiveIntegerField()
    data = models.JSONField(default=dict)
    author = models.CharField(max_length=255, blank=True)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["portal", "scope", "version"], name="one_rule_set_per_version")]
