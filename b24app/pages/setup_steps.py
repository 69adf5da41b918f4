"""The steps of the set-up: a dozen decisions at most, each with a default, so that "Next" everywhere works."""

from __future__ import annotations

from dataclasses import dataclass

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from b24app.pages.sections import section_of
from b24app.pages.sections.section import Section


@dataclass(frozen=True, slots=True)
class Step:
    """One step. `decides`: how many decisions it asks for; `sections`: the sections of the settings it shows, by their addresses."""

    slug: str
    title: str
    lead: str
    template: str = "b24app/_setup_sections.html"
    sections: tuple[str, ...] = ()
    decides: int = 1

    def shown(self) -> list[Section]:
        """Its sections, in order."""
        return [section for slug in self.sections if (section := section_of(slug)) is not None]


@dataclass(frozen=True, slots=True)
class Place:
    """A step as the row of steps shows it. `state`: done, now or ahead; a `url` only where one may go."""

    number: int
    title: str
    state: str
    url: str = ""


CONNECT, PREVIEW, START = "connect", "preview", "start"

STEPS: tuple[Step, ...] = (
    Step(
        CONNECT,
        gettext_noop("Connect 1C"),
        gettext_noop("Three values go into the exchange settings of 1C. Nothing goes to Bitrix24 before the last step."),
        template="b24app/_setup_connect.html",
        decides=2,
    ),
    Step(
        "prices",
        gettext_noop("Price types"),
        gettext_noop("Every price type of 1C can have one of its own in Bitrix24. The suggestion suits most."),
        sections=("prices",),
        decides=2,
    ),
    Step(
        "organisations",
        gettext_noop("Organisations and agreements"),
        gettext_noop(
            "Which of your companies in Bitrix24 is which organisation in 1C, and on which terms orders are made there."
        ),
        sections=("organisations", "agreements"),
        decides=2,
    ),
    Step(
        "goods",
        gettext_noop("Goods and services"),
        gettext_noop("Which items of 1C come into the catalogue, and which of them are services."),
        sections=("items",),
    ),
    Step(
        "statuses",
        gettext_noop("Statuses"),
        gettext_noop("Stages of Bitrix24 beside the statuses of 1C. Names that mean the same are paired already."),
        sections=("statuses",),
    ),
    Step(
        "travel",
        gettext_noop("What travels"),
        gettext_noop("Which documents go between Bitrix24 and 1C, from which stage, and since when."),
        sections=("documents",),
        decides=2,
    ),
    Step(
        PREVIEW,
        gettext_noop("Preview"),
        gettext_noop("What the first load would do in Bitrix24. Nothing has been written yet."),
        template="b24app/_setup_preview.html",
    ),
    Step(
        START,
        gettext_noop("Start"),
        gettext_noop("From here on everything goes by itself."),
        template="b24app/_setup_start.html",
        decides=0,
    ),
)


def step_of(slug: str) -> Step | None:
    """The step of that address."""
    return next((step for step in STEPS if step.slug == slug), None)


def neighbour(step: Step, by: int) -> Step | None:
    """The step before (-1) or after (1), if there is one."""
    place = STEPS.index(step) + by
    return STEPS[place] if 0 <= place < len(STEPS) else None


def row(here: Step | None, base_id: int | None) -> list[Place]:
    """All steps for the row on top: one may go to each once there is a base."""
    at = STEPS.index(here) if here is not None else 0
    return [
        Place(
            number + 1,
            _(step.title),
            "now" if number == at else "done" if number < at else "ahead",
            reverse("pages:setup_step", args=[base_id, step.slug]) if base_id is not None and number != at else "",
        )
        for number, step in enumerate(STEPS)
    ]
