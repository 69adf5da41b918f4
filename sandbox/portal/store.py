"""Everything the portal remembers: tables of rows with secondary indexes, written through to SQLite when a file is given.

A row is a plain JSON-able dict with its key under `id`. A commit happens once per command, before its answer leaves, so a
portal killed at any moment finds again whatever it had answered.
"""

from __future__ import annotations

import copy
import json
import sqlite3
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

Row = dict[str, Any]
Key = int | str

# Fields that lists filter by all the time; a scan of a big catalogue per command would make the double slower than a portal.
INDEXED = {
    "products": ("xmlId", "code", "parentId"),
    "sections": ("xmlId", "code"),
    "prices": ("productId",),
    "ratios": ("productId",),
    "images": ("productId",),
    "storeproducts": ("productId",),
    "enums": ("propertyId",),
    "document_elements": ("docId",),
    "productrows": ("owner",),
    "offline_events": ("about", "PROCESS_ID"),
}


def folded(value: Any) -> str:
    """The form in which values are compared: MySQL's collation ignores case."""
    return str(value).casefold() if value is not None else ""


class Table:
    """Rows of one kind, in the order of their keys."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.rows: dict[Key, Row] = {}
        self.ids: list[int] = []
        self.last_id = 0
        self.indexes: dict[str, dict[str, dict[Key, None]]] = {name: {} for name in INDEXED.get(kind, ())}

    def put(self, row: Row) -> None:
        """Insert or replace a row, keeping the indexes right."""
        key: Key = row["id"]
        old = self.rows.get(key)
        if old is not None:
            self._unindex(key, old)
        elif isinstance(key, int):
            if self.ids and key < self.ids[-1]:
                self.ids.insert(bisect_left(self.ids, key), key)
            else:
                self.ids.append(key)
            self.last_id = max(self.last_id, key)
        self.rows[key] = row
        for name, index in self.indexes.items():
            index.setdefault(folded(row.get(name)), {})[key] = None

    def remove(self, key: Key) -> None:
        """Forget a row."""
        row = self.rows.pop(key, None)
        if row is None:
            return
        self._unindex(key, row)
        if isinstance(key, int):
            del self.ids[bisect_left(self.ids, key)]

    def _unindex(self, key: Key, row: Row) -> None:
        for name, index in self.indexes.items():
            value = folded(row.get(name))
            keys = index.get(value)
            if keys is not None:
                keys.pop(key, None)
                if not keys:
                    del index[value]

    def by(self, name: str, values: Iterable[Any]) -> list[Row]:
        """Rows whose indexed field has one of the values."""
        index = self.indexes[name]
        keys: dict[Key, None] = {}
        for value in values:
            keys.update(index.get(folded(value), {}))
        return [self.rows[key] for key in keys]

    def after(self, key: int) -> Iterator[Row]:
        """Rows with a key above the given one, ascending."""
        for position in range(bisect_right(self.ids, key), len(self.ids)):
            yield self.rows[self.ids[position]]


class Store:
    """The tables, and their file."""

    def __init__(self, path: Path | None = None) -> None:
        self.tables: dict[str, Table] = {}
        self.dirty: set[tuple[str, Key]] = set()
        self.file = self._open(path) if path else None

    def _open(self, path: Path) -> sqlite3.Connection:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        file.execute("PRAGMA journal_mode=WAL")
        # The page cache outlives a killed process, so no fsync is needed for what this double promises.
        file.execute("PRAGMA synchronous=OFF")
        file.execute("CREATE TABLE IF NOT EXISTS entity (kind TEXT, key TEXT, row TEXT, PRIMARY KEY (kind, key)) WITHOUT ROWID")
        rows = [(kind, json.loads(row)) for kind, row in file.execute("SELECT kind, row FROM entity")]
        for kind, row in sorted(rows, key=lambda pair: (pair[0], isinstance(pair[1]["id"], str), pair[1]["id"])):
            if kind == "_counters":
                self.table(row["id"]).last_id = max(row["last_id"], self.table(row["id"]).last_id)
            else:
                self.table(kind).put(row)
        return file

    def table(self, kind: str) -> Table:
        """The table of a kind, made on first use."""
        if kind not in self.tables:
            self.tables[kind] = Table(kind)
        return self.tables[kind]

    def get(self, kind: str, key: Any) -> Row | None:
        """A row, or None; numeric keys may come as strings."""
        rows = self.table(kind).rows
        row = rows.get(key) if isinstance(key, (int, str)) else None
        if row is None and isinstance(key, str) and key.isdigit():
            row = rows.get(int(key))
        return row

    def all(self, kind: str) -> list[Row]:
        """All rows of a kind, by key."""
        return list(self.table(kind).rows.values())

    def next_id(self, kind: str) -> int:
        """A key never given before, even if its row was deleted since."""
        table = self.table(kind)
        table.last_id += 1
        self.dirty.add(("_counters", kind))
        return table.last_id

    def add(self, kind: str, row: Row) -> Row:
        """Insert a row under a new key."""
        row = {"id": self.next_id(kind), **row}
        return self.put(kind, row)

    def put(self, kind: str, row: Row) -> Row:
        """Write a row."""
        self.table(kind).put(row)
        self.dirty.add((kind, row["id"]))
        return row

    def change(self, kind: str, row: Row, **fields: Any) -> Row:
        """Write a changed copy of a row."""
        return self.put(kind, {**row, **fields})

    def remove(self, kind: str, key: Key) -> None:
        """Delete a row."""
        self.table(kind).remove(key)
        self.dirty.add((kind, key))

    def commit(self) -> None:
        """Make the changes since the last commit outlive the process."""
        dirty, self.dirty = self.dirty, set()
        if self.file is None or not dirty:
            return
        self.file.execute("BEGIN")
        for kind, key in dirty:
            row = {"id": key, "last_id": self.table(str(key)).last_id} if kind == "_counters" else self.table(kind).rows.get(key)
            name = f"{'s' if isinstance(key, str) else 'i'}{key}"
            if row is None:
                self.file.execute("DELETE FROM entity WHERE kind=? AND key=?", (kind, name))
            else:
                self.file.execute("REPLACE INTO entity VALUES (?, ?, ?)", (kind, name, json.dumps(row, ensure_ascii=False)))
        self.file.execute("COMMIT")

    def dump(self, kinds: Iterable[str] | None = None) -> dict[str, list[Row]]:
        """Deep copies of all rows (or of the given kinds), for tests and the control API."""
        return {kind: copy.deepcopy(self.all(kind)) for kind in (kinds if kinds is not None else sorted(self.tables))}

    def close(self) -> None:
        """Commit and close the file."""
        self.commit()
        if self.file is not None:
            self.file.close()
