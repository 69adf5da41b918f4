"""What 1C's names of currencies mean, and at which rates currencies are made that the portal lacks."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, ngettext

from b24app.pages.sections.choosing import Line, laid_beside
from b24app.pages.sections.scene import Scene
from b24app.pages.sections.section import Read, Section, Typed
from exchange.commerceml import meaning
from mapping.rules import Rules


def fields(scene: Scene, typed: Typed | None) -> dict[str, Any]:
    """`words`: 1C's names with their codes; `missing`: currencies that the portal lacks, with the rate to make them at."""
    errors = read(typed, scene).errors if typed is not None else {}
    words = []
    for place, word in enumerate(_words(scene)):
        key = f"currency-{place}"
        value = code_of(word, scene.rules) if typed is None else (typed.get(key) or "").strip()[:10]
        words.append(Line(key, value, word, error=errors.get(key, "")))
    missing = []
    for code in lacking(scene.rules, scene):
        key = f"rate-{code}"
        value = scene.rules.create_currencies.get(code, "") if typed is None else (typed.get(key) or "").strip()[:30]
        missing.append(Line(key, value, code, error=errors.get(key, "")))
    base = next(
        (one.code for one in scene.facts.portal.currencies if one.base), str(scene.portal.facts.get("base_currency") or "")
    )
    return {"words": words, "missing": missing, "base_currency": base}


def _words(scene: Scene) -> list[str]:
    """As 1C writes them, then those that are set and were not met (any more)."""
    told = list(scene.facts.currencies)
    known = {word.casefold() for word in told}
    return told + sorted(word for word in scene.rules.currencies if word not in known)


def code_of(word: str, rules: Rules) -> str:
    """The ISO code that a name means: as set, as everybody knows it, or because it is one; "" = not known."""
    key = word.strip().lower()
    plain = word.strip().upper() if len(word.strip()) == 3 and word.strip().isascii() and word.strip().isalpha() else ""
    return rules.currencies.get(key) or _usual(word) or plain


def _usual(word: str) -> str:
    return meaning.CURRENCIES.get(word.strip().lower(), "")


def lacking(rules: Rules, scene: Scene) -> list[str]:
    """Codes that 1C uses and the portal lacks; none while nobody knows what the portal has."""
    there = {one.code for one in scene.facts.portal.currencies}
    used = {code for word in _words(scene) if (code := code_of(word, rules))} | set(rules.create_currencies)
    return sorted(used - there) if there else sorted(rules.create_currencies)


def read(typed: Typed, scene: Scene) -> Read:
    """Codes of three letters and rates above zero; what is as everybody knows it is not stored."""
    errors: dict[str, str] = {}
    codes: dict[str, str] = {}
    shown = _words(scene)
    for place, word in enumerate(shown):
        key = f"currency-{place}"
        if key not in typed:
            codes |= {word.lower(): scene.rules.currencies[word.lower()]} if word.lower() in scene.rules.currencies else {}
            continue
        code = (typed.get(key) or "").strip().upper()
        if code and not (len(code) == 3 and code.isascii() and code.isalpha()):
            errors[key] = _("A code has three Latin letters, such as RUB.")
        elif code and code != code_of(word, Rules()):
            codes[word.strip().lower()] = code
    rates: dict[str, str] = {}
    asked = lacking(scene.rules, scene)
    for code in asked:
        key = f"rate-{code}"
        written = (typed.get(key) or "").strip()
        rate = rate_of(written) if written else None
        if written and rate is None:
            errors[key] = _("Write a number above zero, such as 92.50.")
        elif rate is not None:
            rates[code] = rate
        elif key not in typed and code in scene.rules.create_currencies:
            rates[code] = scene.rules.create_currencies[code]
    if errors:
        return Read(errors=errors)
    return Read(
        {
            "currencies": laid_beside(scene.rules.currencies, [word.strip().lower() for word in shown], codes),
            "create_currencies": laid_beside(scene.rules.create_currencies, asked, rates),
        }
    )


def rate_of(written: str) -> str | None:
    """A rate as stored; None when it is no number that the portal could have."""
    try:
        rate = Decimal(written.replace(" ", "").replace("\u00a0", "").replace(",", ".")) if len(written) <= 30 else None
    except InvalidOperation:
        return None
    return format(rate, "f") if rate is not None and rate.is_finite() and Decimal("0.000001") < rate < 10**9 else None


def says(rules: Rules, scene: Scene) -> str:
    """What is not known or lacking."""
    unknown = [word for word in _words(scene) if not code_of(word, rules)]
    if unknown:
        return _("No code known for: %(names)s") % {"names": ", ".join(unknown)}
    without = [code for code in lacking(rules, scene) if code not in rules.create_currencies]
    if without:
        text = ngettext(
            "Missing in Bitrix24, waits for a rate: %(names)s",
            "Missing in Bitrix24, wait for their rates: %(names)s",
            len(without),
        )
        return text % {"names": ", ".join(without)}
    return _("All currencies of 1C are known.")


SECTION = Section(
    slug="currencies",
    title=gettext_noop("Currencies"),
    explains=gettext_noop("What 1C's names of currencies mean, and at which rate a missing one is made in Bitrix24."),
    template="b24app/sections/_currencies.html",
    fields=fields,
    read=read,
    says=says,
)
