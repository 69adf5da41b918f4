"""The sections of the settings, in the order of the page; one line each."""

from __future__ import annotations

from b24app.pages.sections import (
    agreements,
    currencies,
    documents,
    goods,
    items,
    notices,
    organisations,
    owners,
    parties,
    people,
    prices,
    statuses,
    units,
    warehouses,
)
from b24app.pages.sections.section import Section

SECTIONS: tuple[Section, ...] = (
    prices.SECTION,
    items.SECTION,
    goods.SECTION,
    warehouses.SECTION,
    units.SECTION,
    currencies.SECTION,
    documents.SECTION,
    statuses.SECTION,
    organisations.SECTION,
    agreements.SECTION,
    parties.SECTION,
    owners.SECTION,
    people.SECTION,
    notices.SECTION,
)


def section_of(slug: str) -> Section | None:
    """The section of this address, if there is one."""
    return next((section for section in SECTIONS if section.slug == slug), None)
