"""user.*: the portal's people. Ids are strings, ACTIVE is a boolean, and some empty moments come as `{}`."""

from __future__ import annotations

from typing import Any

from sandbox.portal.clock import iso
from sandbox.portal.listing import conditions, page, split
from sandbox.portal.registry import Call, Page, method
from sandbox.portal.store import Row

BRIEF = ("ID", "XML_ID", "ACTIVE", "NAME", "LAST_NAME", "SECOND_NAME", "WORK_POSITION", "UF_DEPARTMENT", "USER_TYPE", "IS_ONLINE")
BASIC = ("EMAIL", "LAST_LOGIN", "DATE_REGISTER", "WORK_PHONE", "PERSONAL_MOBILE")
LABELS = {
    "ID": "ID",
    "XML_ID": "Внешний код",
    "ACTIVE": "Активность",
    "NAME": "Имя",
    "LAST_NAME": "Фамилия",
    "SECOND_NAME": "Отчество",
    "EMAIL": "E-Mail",
    "LAST_LOGIN": "Последняя авторизация",
    "DATE_REGISTER": "Дата регистрации",
    "WORK_POSITION": "Должность",
    "WORK_PHONE": "Телефон компании",
    "PERSONAL_MOBILE": "Личный мобильный",
    "UF_DEPARTMENT": "Подразделения",
    "USER_TYPE": "Тип пользователя",
    "IS_ONLINE": "IS_ONLINE",
}


def shown(call: Call, user: Row) -> Row:
    """A user with the fields the granted scope allows."""
    scopes = set(str(call.portal.app["scope"]).split(","))
    names = BRIEF + (BASIC if scopes & {"user", "user_basic"} else ())
    row = {name: user.get(name) for name in names if name in user}
    row |= {"ID": str(user["id"]), "IS_ONLINE": "Y" if user["id"] == call.user["id"] else "N"}
    row |= {"PERSONAL_GENDER": "", "PERSONAL_BIRTHDAY": "", "UF_EMPLOYMENT_DATE": ""}
    return row | {"TIMESTAMP_X": {}, "LAST_ACTIVITY_DATE": {}}


@method("user.current", scope="user")
def current(call: Call) -> Row:
    """The calling user."""
    row = shown(call, call.user)
    del row["TIMESTAMP_X"]
    return row | {"LAST_ACTIVITY_DATE": iso(call.portal.clock()).replace("T", " ")[:19]}


@method(
    "user.get",
    "sort order filter:array FILTER:array ADMIN_MODE select IMAGE_RESIZE ID NAME LAST_NAME EMAIL XML_ID ACTIVE USER_TYPE",
    scope="user",
)
def get(call: Call) -> Page:
    """Users by filter, 50 a page."""
    given = call.get("filter") or call.get("FILTER") or {}
    loose = {name: value for name, value in call.params.items() if name in LABELS}
    wanted = {key: _flag(value) for key, value in {**loose, **(given if isinstance(given, dict) else {})}.items()}
    test = conditions(wanted, lambda name: name in LABELS, read=_read)
    rows = [user for user in call.store.all("users") if not user["hidden"] and test(user)]
    order = {str(call.get("sort", "ID")): str(call.get("order", "ASC"))}
    found = page(call, rows, order, read=_read)
    return Page([shown(call, user) for user in found.result], found.total, found.next)


@method("user.search", "FILTER:array filter:array sort order ADMIN_MODE select NAME LAST_NAME FIND", scope="user")
def search(call: Call) -> Page:
    """Users whose names contain the words of FIND (or the given fields)."""
    sent = call.get("FILTER") or call.get("filter") or {}
    given = dict(sent) if isinstance(sent, dict) else {}
    given |= {name: call[name] for name in ("NAME", "LAST_NAME", "FIND") if name in call.params}
    words = str(given.pop("FIND", "")).casefold().split()
    test = conditions({f"%{split(str(key))[1]}": value for key, value in given.items()}, lambda name: name in LABELS, read=_read)
    rows = [user for user in call.store.all("users") if not user["hidden"] and test(user) and _mentions(user, words)]
    found = page(call, rows, {}, read=_read)
    return Page([shown(call, user) for user in found.result], found.total, found.next)


@method("user.fields", scope="user")
def fields(call: Call) -> Row:
    """Names of users' fields."""
    return dict(LABELS)


@method("department.get", "sort order ID NAME SORT PARENT UF_HEAD START", scope="user")
def departments(call: Call) -> Page:
    """The only department."""
    return Page([{"ID": "1", "NAME": "Торговый дом", "SORT": 500, "PARENT": "0"}], 1)


def _read(user: Row, name: str) -> Any:
    return user["id"] if name in {"ID", "id"} else user.get(name)


def _flag(value: Any) -> Any:
    return {"true": True, "Y": True, "y": True, "false": False, "N": False}.get(value, value) if isinstance(value, str) else value


def _mentions(user: Row, words: list[str]) -> bool:
    text = f"{user['NAME']} {user['LAST_NAME']} {user['SECOND_NAME']} {user['WORK_POSITION']}".casefold()
    return all(word in text for word in words)
