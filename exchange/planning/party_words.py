"""The words by which parties are told apart and compared: legal forms, extensions of phones, 1C's names of codes. Data only."""

from __future__ import annotations

from typing import Final

# Written out first: longer forms hold shorter ones.
LONG_FORMS: Final = (
    "общество с ограниченной ответственностью",
    "товариство з обмеженою відповідальністю",
    "товарищество с ограниченной ответственностью",
    "общество с дополнительной ответственностью",
    "публичное акционерное общество",
    "непубличное акционерное общество",
    "закрытое акционерное общество",
    "открытое акционерное общество",
    "акционерное общество",
    "приватне акціонерне товариство",
    "публічне акціонерне товариство",
    "акціонерне товариство",
    "частное унитарное предприятие",
    "унитарное предприятие",
    "приватне підприємство",
    "частное предприятие",
    "индивидуальный предприниматель",
    "фізична особа підприємець",
    "фізична особа-підприємець",
    "физическое лицо предприниматель",
    "societatea cu răspundere limitată",
    "societate cu răspundere limitată",
    "întreprindere individuală",
)
_SHORT: Final = (
    "ооо оао зао пао ао нао нко ано ип чп чуп чтуп уп одо руп куп гуп муп фгуп тоо тов тдв пп прат пат ат фоп кт пк "
    "srl sa sc îi ii gț gt llc ltd inc gmbh"
)
SHORT_FORMS: Final = frozenset(_SHORT.split())
# Those of nearly all firms, as they stand in names.
COMMON_FORMS: Final = ("ооо", "ао", "зао", "пао", "ип", "тоо", "тов", "srl")
# What names a sole trader, at either end of the name.
SOLE_TRADER_FORMS: Final = (
    "индивидуальный предприниматель",
    "фізична особа-підприємець",
    "фізична особа підприємець",
    "ип",
    "фоп",
    "îi",
)
EXTENSION_WORDS: Final = ("добавочный", "добав", "доб", "внутр", "вн", "extension", "ext", "x")
# 1C's names (or parts of them) for what identifies a payer when it stands among the other codes, by country.
TAX_CODES: Final = {"КодПоЕДРПОУ": "UA"}
# The portal's fields of requisites by 1C's names of codes; the first is the name 1C is told.
CODE_FIELDS: Final = {
    "ОКПО": "RQ_OKPO",
    "КодПоОКПО": "RQ_OKPO",
    "ОКВЭД": "RQ_OKVED",
    "НомерСвидетельства": "RQ_ST_CERT_NUM",
}
REGISTRATION_CODES: Final = ("ОГРН", "ОГРНИП", "ЕГРПО")
# How the portal names its presets of requisites, where their reserved codes do not tell.
PRESET_WORDS: Final = {
    "legal": ("организац", "юр", "підприємств", "company"),
    "sole_trader": ("ип", "предпринимат", "фоп", "чп", "підприємець", "individual"),
    "person": ("физ", "фіз", "person"),
}
# Letters that people write either way.
SAME_LETTERS: Final = str.maketrans({"ё": "е"})
