"""How a base is named on the command line."""

from __future__ import annotations

from django.core.management.base import CommandError
from django.db.models import Q

from exchange.models import OneCBase


def find_base(named: str) -> OneCBase:
    """The base with that key, login or number; raises CommandError when there is none."""
    wanted = Q(key=named) | Q(login=named)
    if named.isascii() and named.isdecimal():
        wanted |= Q(pk=int(named[:18]))
    base = OneCBase.objects.select_related("portal").exclude(observed__has_key="removed").filter(wanted).order_by("pk").first()
    if base is None:
        raise CommandError(f"No base has the key, login or number {named}.")
    return base
