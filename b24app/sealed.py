"""Secrets at rest: sealed with the first TOKEN_KEYS key, opened with any of them, never shown by repr."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings
from django.db import models


class Secret(str):
    """A string that hides itself from logs and tracebacks."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "Secret(***)"


@lru_cache(4)
def _box(keys: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([Fernet(key) for key in keys])


def seal(value: str) -> str:
    """Encrypt `value` with the first key."""
    return _box(tuple(settings.TOKEN_KEYS)).encrypt(value.encode()).decode()


def unseal(value: str) -> Secret:
    """Decrypt `value`; raises InvalidToken when no key opens it (failing closed)."""
    return Secret(_box(tuple(settings.TOKEN_KEYS)).decrypt(value.encode()).decode())


class SealedTextField(models.TextField):  # type: ignore[type-arg]
    """Text encrypted at rest; it cannot be searched."""

    def get_prep_value(self, value: Any) -> Any:
        value = super().get_prep_value(value)
        return value if value is None else seal(value)

    def from_db_value(self, value: str | None, expression: object, connection: object) -> Secret | None:
        return value if value is None else unseal(value)

    def get_lookup(self, lookup_name: str) -> Any:
        if lookup_name != "isnull":
            raise TypeError("A sealed field can only be asked whether it is null.")
        return super().get_lookup(lookup_name)
