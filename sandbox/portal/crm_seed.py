"""What the CRM of a fresh portal already has: funnels, stages, dictionaries, requisite templates."""

from __future__ import annotations

from typing import Any

from sandbox.portal.clock import iso
from sandbox.portal.store import Row, Store

Stage = tuple[str, str, str | None]

DEAL_STAGES: tuple[Stage, ...] = (
    ("NEW", "Новая", None),
    ("PREPARATION", "Подготовка документов", None),
    ("PREPAYMENT_INVOICE", "Счет на предоплату", None),
    ("EXECUTING", "В работе", None),
    ("FINAL_INVOICE", "Финальный счет", None),
    ("WON", "Сделка успешна", "S"),
    ("LOSE", "Сделка провалена", "F"),
    ("APOLOGY", "Анализ причины провала", "F"),
)
LEAD_STAGES: tuple[Stage, ...] = (
    ("NEW", "Не обработан", None),
    ("IN_PROCESS", "В работе", None),
    ("PROCESSED", "Обработан", None),
    ("CONVERTED", "Качественный лид", "S"),
    ("JUNK", "Некачественный лид", "F"),
)
QUOTE_STAGES: tuple[Stage, ...] = (
    ("DRAFT", "Черновик", None),
    ("SENT", "Отправлено клиенту", None),
    ("APPROVED", "Принято", "S"),
    ("DECLAINED", "Отклонено", "F"),
)
INVOICE_STAGES: tuple[Stage, ...] = (
    ("N", "Новый", None),
    ("S", "Отправлен", None),
    ("P", "Оплачен", "S"),
    ("D", "Не оплачен", "F"),
)
DYNAMIC_STAGES: tuple[Stage, ...] = (
    ("NEW", "Начало", None),
    ("PREPARATION", "Подготовка", None),
    ("CLIENT", "Согласование", None),
    ("SUCCESS", "Успех", "S"),
    ("FAIL", "Провал", "F"),
)
DICTIONARIES: dict[str, tuple[Stage, ...]] = {
    "STATUS": LEAD_STAGES,
    "DEAL_STAGE": DEAL_STAGES,
    "QUOTE_STATUS": QUOTE_STAGES,
    "SOURCE": (
        ("CALL", "Звонок", None),
        ("EMAIL", "Электронная почта", None),
        ("WEB", "Веб-сайт", None),
        ("OTHER", "Другое", None),
    ),
    "DEAL_TYPE": (("SALE", "Продажа", None), ("SERVICES", "Услуги", None)),
    "COMPANY_TYPE": (
        ("CUSTOMER", "Клиент", None),
        ("SUPPLIER", "Поставщик", None),
        ("PARTNER", "Партнёр", None),
        ("OTHER", "Другое", None),
    ),
    "CONTACT_TYPE": (("CLIENT", "Клиенты", None), ("SUPPLIER", "Поставщики", None), ("OTHER", "Другое", None)),
    "INDUSTRY": (("TRADE", "Торговля", None), ("OTHER", "Другое", None)),
    "HONORIFIC": (("HNR_RU_1", "г-н", None), ("HNR_RU_2", "г-жа", None)),
}
PRESETS = (("Организация", "COMPANY"), ("ИП", "INDIVIDUAL"), ("Физ. лицо", "PERSON"))
INVOICE_CATEGORY = 1


def seed_crm(store: Store, now: float) -> None:
    """Fill the CRM's dictionaries once."""
    if store.all("statuses"):
        return
    store.put("categories", category(0, 2, "Общая", default=True))
    store.put("categories", category(INVOICE_CATEGORY, 31, "Общая", default=True))
    for entity, stages in DICTIONARIES.items():
        add_stages(store, entity, "", None, stages)
    add_stages(store, f"SMART_INVOICE_STAGE_{INVOICE_CATEGORY}", f"DT31_{INVOICE_CATEGORY}:", INVOICE_CATEGORY, INVOICE_STAGES)
    for name, code in PRESETS:
        row: Row = {"ENTITY_TYPE_ID": "8", "COUNTRY_ID": "1", "DATE_CREATE": iso(now), "DATE_MODIFY": "", "CREATED_BY_ID": "1"}
        row |= {
            "MODIFY_BY_ID": None,
            "NAME": name,
            "XML_ID": f"#CRM_REQUISITE_PRESET_DEF_RU_{code}#",
            "ACTIVE": "Y",
            "SORT": "500",
        }
        store.add("presets", row)
    store.commit()


def category(key: int, entity_type: int, name: str, *, default: bool) -> Row:
    """A funnel's row."""
    return {
        "id": key,
        "name": name,
        "sort": 300 if default else 200,
        "entityTypeId": entity_type,
        "isDefault": "Y" if default else "N",
        "originId": "",
        "originatorId": "",
    }


def add_stages(store: Store, entity: str, prefix: str, category_id: Any, stages: tuple[Stage, ...]) -> None:
    """Fill a dictionary with stages."""
    for place, (code, name, semantics) in enumerate(stages, 1):
        system = place == 1 or semantics is not None
        extra = {"SEMANTICS": {"S": "success", "F": "failure"}.get(semantics or "", "process"), "COLOR": "#39A8EF"}
        row: Row = {"ENTITY_ID": entity, "STATUS_ID": prefix + code, "NAME": name, "NAME_INIT": name if system else ""}
        row |= {
            "SORT": str(place * 10),
            "SYSTEM": "Y" if system else "N",
            "SEMANTICS": semantics,
            "COLOR": "#39A8EF",
            "EXTRA": extra,
        }
        store.add("statuses", row | {"CATEGORY_ID": None if category_id is None else str(category_id)})
