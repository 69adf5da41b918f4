"""REST methods, one module per noun; importing this package registers them all."""

from sandbox.portal.methods import (
    catalog_catalogs,
    catalog_documents,
    catalog_images,
    catalog_prices,
    catalog_products,
    catalog_properties,
    catalog_reference,
    catalog_sections,
    catalog_stores,
    crm_currencies,
    events,
    options,
    placements,
    system,
    users,
)

__all__ = [
    "catalog_catalogs",
    "catalog_documents",
    "catalog_images",
    "catalog_prices",
    "catalog_products",
    "catalog_properties",
    "catalog_reference",
    "catalog_sections",
    "catalog_stores",
    "crm_currencies",
    "events",
    "options",
    "placements",
    "system",
    "users",
]
