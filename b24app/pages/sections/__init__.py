"""The sections of the settings, in the order of the page; one line each."""

from __future__ import annotations

from b24app.pages.sections import prices
from b24app.pages.sections.section import Section

SECTIONS: tuple[Section, ...] = (prices.SECTION,)


def section_of(slug: str) -> Section | None:
    """The section of this address, if there is one."""
    return next((section for section in SECTIONS if section.slug == slug), None)
