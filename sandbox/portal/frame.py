"""The portal's pages: a light chrome with a left menu, and the host of the application's iframe.

`/` is the portal's start page, `/app/` opens the application, `/app/<PLACEMENT>` one of its widgets, `/crm/deal/details/<id>/` (and
those of companies, contacts and `/crm/type/31/`) a card with the application's tab in it,
`/catalog/` what the catalogue holds.
`?user=` picks who is signed in (1 is an administrator), `?lang=` the portal's language.
"""

from __future__ import annotations

import html
import json
import re
import secrets
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from sandbox.portal.install import INSTALL_PATH, MAIN_PATH

if TYPE_CHECKING:
    from sandbox.portal.server import PortalServer
    from sandbox.portal.store import Row

Answer = tuple[int, str, dict[str, str]]

STATIC = Path(__file__).parent / "static"
TYPES = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8"}
WORDS: dict[str, dict[str, str]] = json.loads((STATIC / "words.json").read_text(encoding="utf-8"))
SHOWN = 100
CARD = re.compile(r"/crm/(?P<kind>deal|company|contact|type/31)/details/(?P<id>\d+)/")
CARD_TABS = {
    "deal": "CRM_DEAL_DETAIL_TAB",
    "company": "CRM_COMPANY_DETAIL_TAB",
    "contact": "CRM_CONTACT_DETAIL_TAB",
    "type/31": "CRM_SMART_INVOICE_DETAIL_TAB",
}


class Visit:
    """Who looks at the portal, in which language."""

    def __init__(self, server: PortalServer, params: dict[str, Any]) -> None:
        self.server = server
        self.portal = server.portal
        self.user = self.portal.user(str(params.get("user", "1")))
        self.lang = str(params.get("lang", "ru"))
        self.words = WORDS.get(self.lang, WORDS["en"])

    @property
    def query(self) -> str:
        """What keeps the visitor the same from page to page."""
        return urlencode({"user": self.user["id"], "lang": self.lang})


def answer(server: PortalServer, path: str, params: dict[str, Any]) -> Answer:
    """A page of the portal, or 404."""
    if path.startswith("/_portal/"):
        return _asset_or_act(server, path.removeprefix("/_portal/"), params)
    try:
        visit = Visit(server, params)
    except LookupError:
        return 404, "<h1>404</h1>", {}
    if path == "/":
        return 200, _page(visit, "home", visit.words["home"], _home(visit)), {}
    if path == "/catalog/":
        return 200, _page(visit, "catalog", visit.words["catalog"], _catalog(visit)), {}
    if path == "/app" or path.startswith("/app/"):
        return _application(visit, path.removeprefix("/app").strip("/") or "DEFAULT", params)
    if card := CARD.fullmatch(path):
        return _card(visit, CARD_TABS[card["kind"]], card["id"])
    if path.startswith(("/crm/", "/company/", "/marketplace/")):
        return 200, _page(visit, "crm", visit.words["crm"], f"<div class='card'><code>{html.escape(path)}</code></div>"), {}
    return 404, "<h1>404</h1>", {}


def _asset_or_act(server: PortalServer, name: str, params: dict[str, Any]) -> Answer:
    file = STATIC / name
    if file.suffix in TYPES and file.parent == STATIC and file.is_file():
        return 200, file.read_text(encoding="utf-8"), {"Content-Type": TYPES[file.suffix]}
    try:
        result = _act(server, name, params)
    except LookupError:
        return 404, "", {}
    return 200, json.dumps(result, ensure_ascii=False), {"Content-Type": "application/json; charset=utf-8"}


def _act(server: PortalServer, name: str, params: dict[str, Any]) -> Any:
    portal = server.portal
    user = portal.user(params.get("user", 1))
    if name == "refresh":
        return _auth(server, user)
    if name == "finish":
        if user["admin"]:
            server.installation.finish(user["id"])
        return {"installed": portal.app["installed"]}
    if name == "option":
        kind = "user_options" if params.get("kind") == "user" else "options"
        return _set_option(server, user, kind, str(params.get("name", "")), params.get("value"))
    raise LookupError(name)


def _set_option(server: PortalServer, user: Row, kind: str, name: str, value: Any) -> Any:
    portal = server.portal
    with portal.lock:
        if kind == "options":
            portal.change_app(options=portal.app["options"] | {name: value})
            return portal.app["options"]
        mine = portal.app["user_options"].get(str(user["id"]), {}) | {name: value}
        portal.change_app(user_options=portal.app["user_options"] | {str(user["id"]): mine})
        return mine


def _auth(server: PortalServer, user: Row) -> Row:
    tokens = server.issue_tokens(user["id"])
    return {"AUTH_ID": tokens["access_token"], "AUTH_EXPIRES": str(tokens["expires_in"]), "REFRESH_ID": tokens["refresh_token"]}


def _application(visit: Visit, placement: str, params: dict[str, Any]) -> Answer:
    app = visit.portal.app
    if not app["app_url"]:
        return 200, _page(visit, "app", visit.words["app"], "<div class='card'>--app-url?</div>"), {}
    if not app["installed"] and not visit.user["admin"]:
        return 200, _page(visit, "app", visit.words["app"], f"<div class='card'>{visit.words['not_ready']}</div>"), {}
    handler = _handler(visit, placement)
    if handler is None:
        return 404, _page(visit, "app", placement, "<div class='card'>404</div>"), {}
    if not app["installed"]:
        visit.server.installation.begin()
    options = {key: value for key, value in params.items() if key not in {"user", "lang", "install_finished"}}
    return 200, _page(visit, "app", visit.words["app"], _host(visit, placement, handler, options)), {}


def _card(visit: Visit, placement: str, key: str) -> Answer:
    """A card that shows nothing but the application's tab, which is told the element's id as the portal does."""
    handler = _handler(visit, placement) if visit.portal.app["installed"] else None
    if handler is None:
        return 200, _page(visit, "crm", visit.words["crm"], "<div class='card'></div>"), {}
    return 200, _page(visit, "crm", f"{visit.words['crm']} {key}", _host(visit, placement, handler, {"ID": key})), {}


def _title(visit: Visit, row: Row) -> str:
    """A widget's name in the portal's language."""
    names = row.get("langAll") or {}
    told = names.get(visit.lang) or names.get("en") or {}
    return str(told.get("TITLE") or row["title"] or row["placement"])


def _handler(visit: Visit, placement: str) -> str | None:
    app = visit.portal.app
    if not app["installed"]:
        return str(app["app_url"]) + INSTALL_PATH
    if placement == "DEFAULT":
        return str(app["app_url"]) + MAIN_PATH
    rows = [row for row in visit.portal.store.all("placements") if row["placement"] == placement]
    return str(rows[0]["handler"]) if rows else None


def _host(visit: Visit, placement: str, handler: str, options: Row) -> str:
    """The markup the portal wraps an application in, and what its script needs."""
    portal, app = visit.portal, visit.portal.app
    sid = secrets.token_hex(16)
    secure = portal.base_url.startswith("https")
    auth = _auth(visit.server, visit.user)
    placed = {**options, "URI": portal.base_url + "/app/"} if placement != "DEFAULT" else options
    query = urlencode({"DOMAIN": portal.domain, "PROTOCOL": int(secure), "LANG": visit.lang, "APP_SID": sid})
    form = {
        **auth,
        "SERVER_ENDPOINT": portal.server_endpoint,
        "APPLICATION_TOKEN": app["application_token"],
        "APPLICATION_SCOPE": app["scope"],
        "member_id": portal.member_id,
        "status": app["status"],
        "PLACEMENT": placement,
        "PLACEMENT_OPTIONS": json.dumps(placed or [], ensure_ascii=False),
    }
    init = {
        **auth,
        "LANG": visit.lang,
        "DOMAIN": portal.domain,
        "PROTOCOL": int(secure),
        "PATH": "/rest",
        "MEMBER_ID": portal.member_id,
        "FIRST_RUN": not app["installed"],
        "IS_ADMIN": visit.user["admin"],
        "INSTALL": not app["installed"],
        "USER_OPTIONS": app["user_options"].get(str(visit.user["id"]), {}),
        "APP_OPTIONS": app["options"],
        "PLACEMENT": placement,
        "PLACEMENT_OPTIONS": placed,
    }
    setup = {
        "sid": sid,
        "app": handler,
        "user": visit.user["id"],
        "users": _users(visit),
        "admin": visit.user["admin"],
        "init": init,
    }
    inputs = "".join(f'<input type="hidden" name="{name}" value="{html.escape(str(value))}">' for name, value in form.items())
    join = "&" if "?" in handler else "?"
    name = f"{portal.domain}|{int(secure)}|{sid}"
    return (
        f'<iframe id="appframe_{sid}" name="{name}" class="app-frame" title="app"></iframe>'
        f'<form id="appform" method="POST" target="{name}" action="{html.escape(handler + join + query)}">{inputs}</form>'
        f'<script type="application/json" id="setup">{_json_in_html(setup)}</script>'
        '<script src="/_portal/host.js"></script>'
    )


def _json_in_html(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False).replace("<", "\\u003c")


def _users(visit: Visit) -> list[Row]:
    rows = visit.portal.store.all("users")
    return [
        {
            "id": str(row["id"]),
            "name": f"{row['NAME']} {row['LAST_NAME']}",
            "photo": "",
            "position": row["WORK_POSITION"],
            "url": f"/company/personal/user/{row['id']}/",
        }
        for row in rows
    ]


def _page(visit: Visit, here: str, title: str, content: str) -> str:
    words = visit.words
    places = [("home", "/", words["home"]), ("crm", "/crm/deal/", words["crm"]), ("catalog", "/catalog/", words["catalog"])]
    places.append(("app", "/app/", words["app"]))
    rows = visit.portal.store.all("placements") if visit.portal.app["installed"] else []
    links = [
        f'<a class="{"here" if key == here else ""}" href="{url}?{visit.query}">{html.escape(text)}</a>'
        for key, url, text in places
    ]
    for row in rows:
        # Tabs and buttons of cards have their places there.
        if row["placement"] == "LEFT_MENU":
            name = html.escape(_title(visit, row))
            links.append(f'<a class="small" href="/app/{quote(row["placement"])}?{visit.query}">{name}</a>')
    user = f"{visit.user['NAME']} {visit.user['LAST_NAME']}"
    template = Template((STATIC / "page.html").read_text(encoding="utf-8"))
    return template.substitute(
        lang={"ua": "uk"}.get(visit.lang, visit.lang),
        title=html.escape(title),
        portal=html.escape(words["home"]),
        menu="".join(links),
        user=html.escape(user),
        initials=html.escape(visit.user["NAME"][:1] + visit.user["LAST_NAME"][:1]),
        sandbox=html.escape(words["sandbox"]),
        content=content,
    )


def _home(visit: Visit) -> str:
    state, words = visit.server.state, visit.words
    counts = (("products", "products"), ("sections", "sections"), ("stores", "stores"), ("items_2", "deals"))
    return (
        '<div class="tiles">'
        + "".join(f'<div class="card tile"><b>{state.count(kind)}</b><span>{words[word]}</span></div>' for kind, word in counts)
        + "</div>"
    )


def _catalog(visit: Visit) -> str:
    portal, words = visit.portal, visit.words
    with portal.lock:
        rows = [_product_row(visit, row) for row in portal.store.all("products")[:SHOWN]]
    head = "".join(f"<th>{html.escape(words[word])}</th>" for word in ("name", "code", "stock", "price"))
    return f'<div class="card"><table><thead><tr>{head}</tr></thead><tbody>{"".join(rows)}</tbody></table></div>'


def _product_row(visit: Visit, row: Row) -> str:
    prices = visit.portal.store.table("prices").by("productId", [row["id"]])
    shown = ", ".join(f"{price['price']} {price['currency']}" for price in prices)
    cells = (row["name"], row["xmlId"], row.get("quantity") or 0, shown)
    mark = "" if row["active"] == "Y" else ' class="off"'
    return f"<tr{mark}>" + "".join(f"<td>{html.escape(str(cell if cell is not None else ''))}</td>" for cell in cells) + "</tr>"
