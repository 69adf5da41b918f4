"""Small charts of days as the template draws them: bars in the units of a viewBox, so that no style is needed. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

DAYS: Final = 14
WIDTH: Final = 280
HEIGHT: Final = 36
_STEP: Final = WIDTH / DAYS
_GAP: Final = 4.0
# A day with anything at all is seen.
_LEAST: Final = 2.0


@dataclass(frozen=True, slots=True)
class Bar:
    """One day: its place in the chart (a day without anything is a low dash) and what it stands for."""

    day: dt.date
    count: int
    x: str
    y: str
    width: str
    height: str
    today: bool


@dataclass(frozen=True, slots=True)
class Chart:
    """The last days of one thing that is counted."""

    bars: tuple[Bar, ...] = ()

    @property
    def total(self) -> int:
        return sum(bar.count for bar in self.bars)

    @property
    def today(self) -> int:
        return self.bars[-1].count if self.bars else 0

    @property
    def size(self) -> tuple[int, int]:
        return WIDTH, HEIGHT


def days_until(today: dt.date) -> Sequence[dt.date]:
    """The days of a chart, oldest first."""
    return [today - dt.timedelta(days=back) for back in reversed(range(DAYS))]


def chart(counts: Mapping[dt.date, int], today: dt.date) -> Chart:
    """The last days as bars, the highest one as high as the chart."""
    days = days_until(today)
    most = max((counts.get(day, 0) for day in days), default=0)
    return Chart(tuple(_bar(place, day, counts.get(day, 0), most, today) for place, day in enumerate(days)))


def _bar(place: int, day: dt.date, count: int, most: int, today: dt.date) -> Bar:
    height = max(_LEAST, HEIGHT * count / most) if count else 1.0
    x, y = place * _STEP + _GAP / 2, HEIGHT - height
    return Bar(day, count, f"{x:.1f}", f"{y:.1f}", f"{_STEP - _GAP:.1f}", f"{height:.1f}", day == today)
