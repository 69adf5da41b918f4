"""Ids that we give 1C for what it does not know yet: the same for ever, so that nothing is given twice."""

from __future__ import annotations

import uuid
from typing import Final

_SPACE: Final = uuid.UUID("6d1f6f0e-8f0a-5c3e-9a57-2f5b7f0e4c11")


def given_id(member_id: str, base_id: int, key: tuple[int, int]) -> str:
    """The id of the portal's company or contact `key` (entity type, id) for this base."""
    entity_type_id, b24_id = key
    return str(uuid.uuid5(_SPACE, f"{member_id}:{base_id}:{entity_type_id}:{b24_id}"))
