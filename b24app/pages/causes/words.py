"""What a cause of problems is told by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise

Text = str | Promise


@dataclass(frozen=True, slots=True)
class Cause:
    """`title` takes `count`; `detail` says what is special about one object, from its facts (left out when a fact is missing).

    `again` tells whether sending the objects once more can help at all; where it cannot, a person takes note instead.
    """

    title: Any  # the lazy plural of ngettext_lazy(…, "count")
    explanation: Text
    remedy: Text
    detail: Text = ""
    again: bool = True
