"""Our language for the portal's: its codes are its own, and a person may have chosen another one."""

from __future__ import annotations

from django.conf import settings

# The portal's codes that differ from ours; the rest are equal, or fall back to English.
CODES = {
    "ua": "uk",
    "la": "es",
    "br": "pt-br",
    "sc": "zh-hans",
    "tc": "zh-hant",
    "vn": "vi",
    "in": "hi",
    # Portals in these languages read Russian, and we have no translation of their own.
    "kz": "ru",
    "by": "ru",
}


def language_for(portal_language: str, chosen: str = "") -> str:
    """The person's choice when we have it, else the portal's LANG as our code, else English."""
    known = {code for code, _ in settings.LANGUAGES}
    if chosen in known:
        return chosen
    code = portal_language.strip().lower()
    code = CODES.get(code, code)
    return code if code in known else str(settings.LANGUAGE_CODE)
