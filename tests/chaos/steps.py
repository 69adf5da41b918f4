"""The two stories, goods from 1C to the portal and documents both ways, step by step. A fault strikes in one of the steps."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from b24app import lanes
from tests.chaos.goods import DRIFTING
from tests.chaos.site import Site
from tests.journeys.trading import CABLE, FITTING, INVOICE, PIPE

# Who is at work in a step, and what it touches: faults name what they hit.
ONEC, WEB, WORKER, PORTAL, EVENTS, DISK, CLOCK = "1c", "web", "worker", "portal", "events", "disk", "clock"
SECOND_STAGE = "DT31_1:S"


@dataclass(frozen=True)
class Step:
    """`act` is what happens while the fault strikes; `before` prepares it undisturbed; `posts`: 1C sends a body in it."""

    name: str
    touches: frozenset[str]
    act: Callable[[Site], None]
    before: Callable[[Site], None] = lambda site: None
    rival: Callable[[Site], None] | None = None
    posts: bool = False
    queries: bool = False


@dataclass(frozen=True)
class Story:
    name: str
    steps: tuple[Step, ...]
    goods: bool


def _worker(act: Callable[[Site], object]) -> Callable[[Site], None]:
    return lambda site: site.worker(lambda: act(site))


def _onec(act: Callable[[Site], object]) -> Callable[[Site], None]:
    return lambda site: site.onec(lambda: act(site))


# Goods


def _drift(site: Site) -> None:
    """Somebody renames an item at the portal and changes a price, and nobody hears of it."""
    row = site.server.state.one("products", xmlId=DRIFTING)
    site.server.edit(kind="products", op="update", id=row["id"], fields={"name": "Переименован руками"})
    price = next(one for one in site.server.state["prices"] if one["productId"] == row["id"])
    site.server.edit(kind="prices", op="update", id=price["id"], fields={"price": 1})


GOODS = Story(
    "goods",
    (
        Step("1C uploads", frozenset({ONEC, WEB, DISK, CLOCK}), _onec(Site.upload), rival=Site.send_goods, posts=True),
        Step("unpack", frozenset({ONEC, WEB, DISK, CLOCK}), _onec(Site.ask_import), rival=Site.send_goods),
        Step("read, remember", frozenset({WORKER, DISK, CLOCK}), _worker(Site.read)),
        Step("push the catalogue", frozenset({WORKER, PORTAL, CLOCK}), _worker(lambda site: site.lane(lanes.CATALOG))),
        Step("reconcile goods", frozenset({WORKER, PORTAL, CLOCK}), _worker(Site.check), before=_drift),
    ),
    goods=True,
)

# Documents


def _invoice(site: Site) -> None:
    """A manager makes an invoice for a new company and moves it on."""
    world = site.world
    rows = [world.row(CABLE, "125.50", "4"), world.row(PIPE, "166.00", "3")]
    site.invoice = world.document(INVOICE, world.company(), rows)
    world.change(INVOICE, site.invoice, stageId=SECOND_STAGE, comments="Срочно")
    if site.flushes:
        site.server.portal.events.flush()
    site.worker(site.hear)


def _onec_works(site: Site) -> None:
    """1C has collected what there was; its people change a line, add one, ship and take a part payment."""
    site.onec(site.take)
    book = site.world.book
    for order in list(book.orders.values()):
        book.set_line(order.number, CABLE, quantity="5")
        book.set_line(order.number, FITTING, quantity="2", price="10.00", name="Фитинг")
        book.pay(order.number, "300.00")
        book.ship(order.number, {PIPE: "3"})


def _row_changes(site: Site) -> None:
    """A manager changes a price with nobody hearing of it: not even the time of the change moves."""
    row = next(one for one in site.server.state["productrows"] if str(one["quantity"]) == "3")
    site.server.edit(kind="productrows", op="update", id=row["id"], fields={"price": 170})
    total = sum(float(one["price"]) * float(one["quantity"]) for one in site.server.state["productrows"])
    store = site.server.portal.store
    with site.server.portal.lock:
        item = store.get(f"items_{INVOICE}", site.invoice)
        assert item is not None
        store.change(f"items_{INVOICE}", item, opportunity=total)
        store.commit()


DOCUMENTS = Story(
    "documents",
    (
        Step("the portal's event", frozenset({EVENTS, WEB, WORKER, CLOCK}), _invoice),
        Step("settle towards 1C", frozenset({WORKER, PORTAL, CLOCK}), _worker(lambda site: site.lane(lanes.DOCUMENTS))),
        Step("1C collects, success", frozenset({ONEC, WEB, CLOCK}), _onec(Site.take), rival=Site.take, queries=True),
        Step("reconcile documents", frozenset({WORKER, PORTAL, CLOCK}), _worker(Site.check), before=_row_changes),
        Step(
            "sale file, remember",
            frozenset({ONEC, WEB, DISK, CLOCK}),
            _onec(Site.give),
            before=_onec_works,
            rival=Site.give,
            posts=True,
        ),
        Step("settle towards the portal", frozenset({WORKER, PORTAL, CLOCK}), _worker(lambda site: site.lane(lanes.DOCUMENTS))),
    ),
    goods=False,
)
STORIES = (GOODS, DOCUMENTS)
