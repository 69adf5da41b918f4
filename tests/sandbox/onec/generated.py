"""The invented 1C files under tests/data/commerceml/generated: one small export per dialect, and what a portal must end with.

`python -m tests.sandbox.onec.generated` writes them anew after a change of the writers.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

from sandbox.onec.base import Base
from sandbox.onec.dialects import DIALECTS
from sandbox.onec.writers.upload import Options

FOLDER = Path(__file__).parents[2] / "data" / "commerceml" / "generated"
NAMES = ("ut11", "ut103", "utp12", "upp13", "unf", "unf_new", "module31")


def small_base() -> Base:
    """Five items: awkward names, characteristics, a service, one item marked for deletion."""
    base = Base.random(
        items=5, seed=1270, awkward=0.6, characteristics=0.4, pictures=0.5, services=0.2, price_types=2, warehouses=2
    )
    next(item for item in base.items.values() if not item.service and not item.has_variants).deleted = True
    return base


def files(name: str) -> Iterator[tuple[str, bytes]]:
    """What lies in the folder of one dialect: a full export, and an export of three changes in `changes/`; no pictures."""
    base, dialect = small_base(), DIALECTS[name]
    for folder in ("", "changes/"):
        how = Options(only_changes=bool(folder), package_changes=name == "ut11")
        for portion in dialect.export(base, how):
            yield from ((folder + file.name, file.data) for file in portion.xml)
        yield f"{folder}expected.json", (json.dumps(base.expected(dialect.sight), ensure_ascii=False, indent=1) + "\n").encode()
        base.confirm()
        base.change(3, seed=4)


if __name__ == "__main__":
    shutil.rmtree(FOLDER, ignore_errors=True)
    for dialect_name in NAMES:
        for path, data in files(dialect_name):
            target = FOLDER / dialect_name / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)
