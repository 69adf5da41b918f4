"""catalog.catalog.*: which information blocks hold products and offers."""

from __future__ import annotations

from sandbox.portal.errors import RestError
from sandbox.portal.fields import described, fields
from sandbox.portal.methods.catalog_access import listed, needed, shown
from sandbox.portal.registry import Call, Page, method
from sandbox.portal.store import Row

FIELDS = fields(
    "iblockId*^:integer iblockTypeId!:integer id!:integer lid!:string name!:string productIblockId:integer "
    "skuPropertyId:integer subscription:char vatId:integer"
)


@method("catalog.catalog.list", "select:array filter:array order:array start", scope="catalog")
def list_(call: Call) -> Page:
    """Catalogues; the one with productIblockId holds the offers."""
    return listed(call, "catalogs", "catalogs", FIELDS)


@method("catalog.catalog.get", "id*:int", scope="catalog")
def get(call: Call) -> Row:
    """One catalogue."""
    return {"catalog": shown(_found(call), FIELDS)}


@method("catalog.catalog.isOffers", "id*:int", scope="catalog")
def is_offers(call: Call) -> bool:
    """Whether a catalogue holds offers."""
    return _found(call)["productIblockId"] is not None


@method("catalog.catalog.getFields", scope="catalog")
def get_fields(call: Call) -> Row:
    """Fields of a catalogue."""
    return {"catalog": described(FIELDS)}


def _found(call: Call) -> Row:
    return needed(call, "catalogs", call["id"], RestError(0, "Catalog does not exist"))
