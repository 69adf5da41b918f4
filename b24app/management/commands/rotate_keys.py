"""Seal every stored secret anew with the first of TOKEN_KEYS; afterwards the old keys can be taken away."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.core.management.base import BaseCommand
from django.db import models, transaction

from b24app.sealed import SealedTextField


class Command(BaseCommand):
    help = "Seal all stored secrets with the first of TOKEN_KEYS (put the new key first, run this, remove the old key)."

    def handle(self, *args: Any, **options: Any) -> None:
        for model in apps.get_models():
            fields = [field.name for field in model._meta.get_fields() if isinstance(field, SealedTextField)]
            if fields:
                keys = model._default_manager.values_list("pk", flat=True).iterator()
                rows = sum(_seal_again(model, pk, fields) for pk in keys)
                self.stdout.write(f"{model._meta.label}: {rows} rows")


@transaction.atomic
def _seal_again(model: type[models.Model], pk: Any, fields: list[str]) -> int:
    """One row under its lock, so that a token refreshed at this moment is not overwritten by its predecessor."""
    row = model._default_manager.select_for_update().filter(pk=pk).first()
    if row is None:
        return 0
    row.save(update_fields=fields)
    return 1
