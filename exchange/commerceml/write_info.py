"""The answer to `mode=info`: the statuses, pay systems and delivery services that 1C offers its users to map.

УНФ and Бухгалтерия 3.0 read it. The first letter of the statuses' element is a Latin C, as it has always been.
"""

from __future__ import annotations

from collections.abc import Iterable

from exchange.commerceml import names as n
from exchange.commerceml import order_words as w
from exchange.commerceml.markup import clean, element, leaf
from exchange.protocol import STATUSES

_ENCODING = "windows-1251"


def render_info(
    statuses: Iterable[tuple[str, str]],
    pay_systems: Iterable[tuple[str, str, str]] = w.PAY_SYSTEMS_BY_DEFAULT,
    deliveries: Iterable[tuple[str, str]] = w.DELIVERIES_BY_DEFAULT,
) -> bytes:
    """The dictionaries in windows-1251: (id, name) of statuses and deliveries, (id, name, kind) of pay systems.

    `kind` is bank, cash, card or "" (not said: Бухгалтерия takes it for any payment). An entry without an id or name is left out.
    """
    kinds = w.PAY_KINDS
    parts = (
        # Even when none is known yet: 1C looks for it by name.
        element(STATUSES, *(_entry(key, name) for key, name in statuses)) or f"<{STATUSES}></{STATUSES}>",
        element(w.PAY_SYSTEMS, *(_entry(key, name, kinds.get(kind, "")) for key, name, kind in pay_systems)),
        element(w.DELIVERIES, *(_entry(key, name) for key, name in deliveries)),
    )
    text = f'<?xml version="1.0" encoding="{_ENCODING}"?>\n<{w.DICTIONARIES}>{"".join(parts)}</{w.DICTIONARIES}>'
    return text.encode(_ENCODING, "xmlcharrefreplace")


def _entry(key: str, name: str, kind: str = "") -> str:
    key, name = clean(key, 100), clean(name, 150)
    return element(w.ELEMENT, leaf(n.ID, key), leaf(w.TITLE, name), leaf(w.PAY_KIND, kind)) if key and name else ""
