"""Which 1C a base is, in words, and the clicks that connect exactly that 1C.

The menus are named in English here and, in every translation (English too), as the Russian 1C writes them: most people have it.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Text = str | Promise


@dataclass(frozen=True, slots=True)
class Configuration:
    """`steps` begin with address, login and password at hand; `orders` is what must be set there before documents can travel;
    `limits` is what this 1C cannot do ("" = nothing to say).
    """

    code: str
    name: Text
    steps: tuple[Text, ...]
    limits: Text = ""
    orders: tuple[Text, ...] = ()


_TYPE_IN = _("Fill in “Site address”, “User name” and “Password” with the three values shown here and press “Check connection”.")
_RUN = _("Save and run the exchange once by hand: this page shows it within seconds. Then let 1C repeat it on a schedule.")

_UT11 = (
    _(
        "Open “Master data and administration → Data synchronization” (in older releases “Administration → Data exchange”), "
        "switch on “Exchange with sites”."
    ),
    _(
        "Open “Site exchange nodes” and press “Create”. Switch on “Export goods” and, if documents are to travel, “Exchange orders”."
    ),
    _TYPE_IN,
    _("On “Export goods” choose the owner of the catalogue, then “Catalogue” and “Prices and stock”, with pictures if wanted."),
    _RUN,
)
_UT11_ORDERS = (
    _(
        "On “Exchange orders” choose the agreement: a standard one, open to external users, without a segment. Without it 1C makes no order."
    ),
    _("Choose the organization, the warehouse, the manager, and the item kinds for goods and for services."),
    _("Choose how counterparties are found, best by tax number and branch code, and fill in the table of statuses."),
)
_OLD = (
    _("Open “Tools → Data exchange with WEB site” (in some releases under “Other data exchanges”) and create a new setting."),
    _("As the purpose choose exporting goods to the site and, if documents are to travel, exchanging orders with it."),
    _TYPE_IN,
    _("Choose the price types and warehouses whose prices and stock should travel."),
    _RUN,
)
_OLD_ORDERS = (
    _("Create a second setting whose purpose is exchanging orders, with the same address, user name and password."),
    _("Choose the organization, the warehouse and the group for new counterparties; let them be found by their tax number."),
)
_UNF_STORE = _("Open “CRM → Online store” and add a new integration.")
_UNF_EXCHANGE = _("Open “Company → Exchange with sites” and create an exchange.")
_UNF = (
    _("Choose the site type “1C-Bitrix”."),
    _TYPE_IN,
    _("Choose the price types and warehouses whose prices and stock should travel."),
    _RUN,
)
_UNF_ORDERS = (
    _(
        "Switch on loading orders; if there is “Subordinate documents”, switch it on, too: then payments and shipments come as well."
    ),
    _("Choose how counterparties are found, and load the order states: the names of your stages appear there."),
)
_OWN_ENDING = _("This 1C may call the address with its own ending. That is fine: the login alone tells us which base it is.")
_NO_HTTPS = _(
    "Early releases of this 1C cannot open https addresses. If the connection check fails at once, "
    "ask your integrator for a plain http entrance."
)

CONFIGURATIONS: tuple[Configuration, ...] = (
    Configuration("ut11", _("1C:Trade Management 11"), _UT11, orders=_UT11_ORDERS),
    Configuration("ut103", _("1C:Trade Management 10.3"), _OLD, _NO_HTTPS, _OLD_ORDERS),
    Configuration("ka2", _("1C:Integrated Automation 2"), _UT11, orders=_UT11_ORDERS),
    Configuration("erp2", _("1C:ERP 2"), _UT11, orders=_UT11_ORDERS),
    Configuration("unf_new", _("1C:Company Management 3.0 (UNF)"), (_UNF_STORE, *_UNF), _OWN_ENDING, _UNF_ORDERS),
    Configuration("unf", _("1C:Company Management 1.6 (UNF)"), (_UNF_EXCHANGE, *_UNF), _OWN_ENDING, _UNF_ORDERS),
    Configuration("upp13", _("1C:Manufacturing Enterprise Management 1.3"), _OLD, orders=_OLD_ORDERS),
    Configuration(
        "bp30",
        _("1C:Accounting 3.0"),
        (
            _("Open “Administration → Settings of exchange with the online store”."),
            _("As the way of exchange choose the site type “1C-Bitrix”."),
            _TYPE_IN,
            _("Choose the organization, the warehouse and the group for new counterparties."),
        ),
        _("Accounting 3.0 sends no goods by itself: it only collects orders as invoices. Goods come from a trade base."),
        (
            _("Fill in the prefix, the item kind and the date from which orders are taken: earlier ones are left out."),
            _("Open “Exchange with the online store” and load the orders: they become invoices to buyers."),
        ),
    ),
    Configuration("utp12", _("1C:Trade Enterprise Management for Ukraine 1.2"), _OLD, _NO_HTTPS, _OLD_ORDERS),
    Configuration(
        "module31",
        _("The exchange module of 1C-Bitrix"),
        (
            _("Open the settings of the module and add a profile of exchange with a site."),
            _TYPE_IN,
            _("Choose what travels: catalogue, price types, warehouses, pictures."),
            _RUN,
        ),
    ),
    Configuration(
        "other",
        _("Another 1C"),
        (
            _("Find “Exchange with a site” in this 1C: usually under “Administration” or “Tools”."),
            _("Create an exchange that exports goods; as the site type choose “1C-Bitrix” if you are asked."),
            _TYPE_IN,
            _RUN,
        ),
    ),
)
_BY_CODE = {configuration.code: configuration for configuration in CONFIGURATIONS}


def configuration(code: str) -> Configuration:
    """The configuration of that code; one that this page has no words for is treated as "another 1C"."""
    return _BY_CODE.get(code, _BY_CODE["other"])


def choices() -> list[tuple[str, Text]]:
    """(code, name) of every configuration, in the order in which people pick them."""
    return [(one.code, one.name) for one in CONFIGURATIONS]
