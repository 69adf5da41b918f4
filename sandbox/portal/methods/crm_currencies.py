"""crm.currency.*: every value is a string."""

from __future__ import annotations

from sandbox.portal.clock import iso
from sandbox.portal.errors import RestError
from sandbox.portal.registry import Call, Page, method
from sandbox.portal.seed import currency
from sandbox.portal.store import Row


@method("crm.currency.list", "order:array", scope="crm")
def list_(call: Call) -> Page:
    """All currencies, not paged; `total` is 0, as on the portal."""
    names = (name for name in ("CURRENCY",) if call.store.all("currencies"))
    rows = sorted(call.store.all("currencies"), key=lambda row: (int(row["SORT"]), *(row[name] for name in names)))
    return Page([{name: value for name, value in row.items() if name not in {"id", "LANG"}} for row in rows], 0)


@method("crm.currency.get", "id*:string", scope="crm")
def get(call: Call) -> Row:
    """One currency with its languages."""
    row = call.store.get("currencies", call["id"])
    if row is None:
        raise RestError("", "Not found")
    return {name: value for name, value in row.items() if name != "id"}


@method("crm.currency.base.get", scope="crm")
def base(call: Call) -> str:
    """The code of the base currency."""
    return next(str(row["CURRENCY"]) for row in call.store.all("currencies") if row["BASE"] == "Y")


@method("crm.currency.add", "fields*:array", scope="crm", write=True)
def add(call: Call) -> str:
    """Add a currency; answers its code."""
    _writer(call)
    given = call["fields"]
    code = str(given.get("CURRENCY") or "")
    for name in ("CURRENCY", "AMOUNT", "AMOUNT_CNT", "SORT"):
        if given.get(name) in (None, ""):
            raise RestError("ERROR_CORE", f'Undefined array key "{name}"')
    if len(code) != 3 or not code.isalpha() or call.store.get("currencies", code) is not None:
        raise RestError("", "Валюта уже существует или ее код неверен")
    languages = given.get("LANG") or {}
    words: Row = next(iter(languages.values()), {}) if isinstance(languages, dict) else {}
    row = currency(
        code,
        f"{float(given['AMOUNT']):.4f}",
        str(given["SORT"]),
        "N",
        str(words.get("FULL_NAME", code)),
        str(words.get("FORMAT_STRING", "#")),
        iso(call.portal.clock()),
    )
    call.store.put("currencies", {**row, "AMOUNT_CNT": str(given["AMOUNT_CNT"])})
    call.happened("ONCRMCURRENCYADD", {"ID": code})
    return code


@method("crm.currency.update", "id*:string fields*:array", scope="crm", write=True)
def update(call: Call) -> bool:
    """Change a currency."""
    _writer(call)
    row = call.store.get("currencies", call["id"])
    if row is None:
        raise RestError("", "Not found")
    known = {name: str(value) for name, value in call["fields"].items() if name in row and name not in {"id", "CURRENCY", "LANG"}}
    call.store.change("currencies", row, **known)
    call.happened("ONCRMCURRENCYUPDATE", {"ID": row["CURRENCY"]})
    return True


def _writer(call: Call) -> None:
    if not call.admin:
        raise RestError("", "Access denied.")
