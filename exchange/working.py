"""Which bases exchange with the portal: neither paused nor still being set up. One place says it, for the ORM and for SQL."""

from __future__ import annotations

from typing import Final, TypeVar

from django.db import models

# A base with this key in `observed` waits for its administrator to finish the set-up (setting_up.py).
SETTING_UP: Final = "setting_up"
# The same as `Bases.working`, for a query that calls the table `base`.
WORKING: Final = f"base.paused_at is null and not base.observed ? '{SETTING_UP}'"

Base = TypeVar("Base", bound=models.Model)


class Bases(models.Manager[Base]):
    """1C bases."""

    def working(self) -> models.QuerySet[Base]:
        """Those that exchange with the portal."""
        return self.get_queryset().filter(paused_at=None).exclude(observed__has_key=SETTING_UP)
