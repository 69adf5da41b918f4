"""What of a file is, byte for byte, what it was: pieces compared by digest, most of them some hundreds at a time.

Consecutive pieces make a chunk; it ends behind every piece whose id says so, so that an edit, a new or a missing item changes one
chunk and no other. A block is a chunk that was remembered whole. Its digest holds while every piece in it is the last one that set its
facets: whoever touches the row of one of its pieces takes the digest off the block first. So a chunk whose digest some block of the base
has need not be looked into. All else is compared piece by piece.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import NamedTuple
from zlib import crc32

from django.db import connection
from django.db.backends.utils import CursorWrapper

from exchange.commerceml.pieces import Piece, Scope
from exchange.records import Offer, Product, Record

# One id in so many (a power of two) ends a chunk. None is shorter than the least, but of a short slice: that is no block.
CHUNK_PIECES = 256
LEAST_CHUNK = 32


class Chunk(NamedTuple):
    """Places of consecutive pieces, from `start` up to `end`, and the digest of theirs."""

    start: int
    end: int
    digest: bytes

    def places(self) -> range:
        return range(self.start, self.end)


@dataclass(frozen=True, slots=True)
class Compared:
    """A slice compared: `changed` are the pieces to read, in their order.

    `chunks` are those that no block has; `blocks` says in which block the known pieces of these are; `repeated` holds the ids that
    the slice names more than once.
    """

    pieces: Sequence[Piece]
    changed: list[Piece]
    places: frozenset[int]
    chunks: list[Chunk]
    blocks: Mapping[int, int]
    repeated: frozenset[str]


def compare(base_id: int, pieces: Sequence[Piece]) -> Compared:
    """Find the pieces whose bytes are not those that last set the same facets of the same object."""
    chunks = list(_chunks(pieces))
    with connection.cursor() as cursor:
        cursor.execute(
            "select digest from exchange_pieceblock where base_id = %s and digest = any(%b::bytea[])",
            [base_id, [chunk.digest for chunk in chunks]],
        )
        known = {bytes(digest) for (digest,) in cursor.fetchall()}
        chunks = [chunk for chunk in chunks if chunk.digest not in known]
        if not chunks:
            return Compared(pieces, [], frozenset(), [], {}, frozenset())
        repeated = _repeated(pieces)
        left = sorted(
            {place for chunk in chunks for place in chunk.places()}
            | {place for place, piece in enumerate(pieces) if repeated and piece.onec_id in repeated}
        )
        places, blocks = _look_up(cursor, base_id, pieces, left)
    if repeated:
        # The same object twice in one slice: the last one must win, so all its pieces are read in order.
        again = {pieces[place].onec_id for place in places} & repeated
        places |= {place for place, piece in enumerate(pieces) if piece.onec_id in again}
    return Compared(pieces, [pieces[place] for place in sorted(places)], frozenset(places), chunks, blocks, repeated)


def keep(base_id: int, compared: Compared, *, whole: bool) -> None:
    """Remember the slice once its changed pieces have been read; what had set the same facets before counts no more.

    `whole`: the file tells everything, so its order is the one to go by (a file of changes must not tear the blocks of the others apart).
    """
    if not compared.changed and not compared.chunks:
        return
    latest = _latest(compared)
    with connection.cursor() as cursor:
        gone = _delete_overtaken(cursor, base_id, compared.changed)
        _open(cursor, gone | {compared.blocks[place] for place in compared.places if place in compared.blocks})
        homes = _homes(cursor, base_id, compared, whole=whole)
        moved = {
            place: home for place, home in homes.items() if place not in compared.places and compared.blocks.get(place) != home
        }
        # What leaves a block takes its digest along.
        _open(cursor, {compared.blocks[place] for place in moved if place in compared.blocks} - set(homes.values()))
        _write(cursor, base_id, compared, {place: homes.get(place) or compared.blocks.get(place) for place in latest})
        _move(cursor, base_id, compared.pieces, moved)


def forget(base_id: int, records: Iterable[Record]) -> None:
    """Products and offers that came in no piece have set their facets: whatever piece had done so before counts no more."""
    ids = {
        record.product.id if isinstance(record, Offer) else record.id for record in records if isinstance(record, Product | Offer)
    }
    if ids:
        forget_ids(base_id, ids)


def forget_ids(base_id: int, ids: Iterable[str]) -> None:
    """Let the pieces of these objects be read whenever they come next, even if their bytes are what they were."""
    with connection.cursor() as cursor:
        cursor.execute(
            """delete from exchange_piecedigest where base_id = %s and scope = any(%s::smallint[]) and onec_id = any(%s::text[])
               returning block""",
            [base_id, _scopes_of(cursor, base_id), list(ids)],
        )
        _open(cursor, {block for (block,) in cursor.fetchall() if block is not None})


def _chunks(pieces: Sequence[Piece]) -> Iterator[Chunk]:
    mask, last = CHUNK_PIECES - 1, len(pieces)
    ends = [place for place, piece in enumerate(pieces, 1) if not crc32(piece[1].encode()) & mask]
    start = 0
    for end in [*ends, last]:
        # What would be too short goes with what follows, and at the end with what comes before.
        if start < end == last or (end - start >= LEAST_CHUNK and last - end >= LEAST_CHUNK):
            yield Chunk(start, end, sha256(b"".join([piece[2] for piece in pieces[start:end]])).digest())
            start = end


def _repeated(pieces: Sequence[Piece]) -> frozenset[str]:
    ids = [piece.onec_id for piece in pieces]
    if len(set(ids)) == len(ids):
        return frozenset()
    return frozenset(onec_id for onec_id, times in Counter(ids).items() if times > 1)


def _look_up(
    cursor: CursorWrapper, base_id: int, pieces: Sequence[Piece], left: Sequence[int]
) -> tuple[set[int], dict[int, int]]:
    """Of these places: those that differ from what is remembered, and the blocks of those that are remembered in one."""
    asked = [pieces[place] for place in left]
    # `limit 1` keeps the planner at one index look-up per piece: joined freely it hashes the whole table for every slice.
    cursor.execute(
        """select t.place - 1, known.block, known.digest is distinct from t.digest
           from unnest(%b::smallint[], %b::text[], %b::bytea[]) with ordinality t(scope, onec_id, digest, place)
           left join lateral (select digest, block from exchange_piecedigest
                              where base_id = %s and scope = t.scope and onec_id = t.onec_id limit 1) known on true
           where known.digest is distinct from t.digest or known.block is not null""",
        [[piece.scope for piece in asked], [piece.onec_id for piece in asked], [piece.digest for piece in asked], base_id],
    )
    differ, blocks = set(), {}
    for place, block, differs in cursor.fetchall():
        if differs:
            differ.add(left[place])
        if block is not None:
            blocks[left[place]] = block
    return differ, blocks


def _latest(compared: Compared) -> list[int]:
    """The places of the changed pieces that none after them in the slice overtakes."""
    latest: dict[tuple[int, str], int] = {}
    for place in sorted(compared.places):
        piece = compared.pieces[place]
        if piece.onec_id in compared.repeated:
            for scope, onec_id in [key for key in latest if key[1] == piece.onec_id and _overlap(key[0], piece.scope)]:
                del latest[scope, onec_id]
        latest[piece.scope, piece.onec_id] = place
    return list(latest.values())


def _delete_overtaken(cursor: CursorWrapper, base_id: int, fresh: Sequence[Piece]) -> set[int]:
    """Drop the digests of other pieces that had set the same facets; returns the blocks that these were in."""
    scopes = {piece.scope for piece in fresh}
    clashes = [(a, b) for a in scopes for b in _scopes_of(cursor, base_id) if a != b and _overlap(a, b)] if fresh else []
    if not clashes:
        return set()
    cursor.execute(
        """delete from exchange_piecedigest known using unnest(%s::smallint[], %s::text[]) fresh(scope, onec_id),
             unnest(%s::smallint[], %s::smallint[]) clash(fresh, old)
           where known.base_id = %s and known.onec_id = fresh.onec_id and clash.fresh = fresh.scope and known.scope = clash.old
           returning known.block""",
        [
            [piece.scope for piece in fresh],
            [piece.onec_id for piece in fresh],
            [fresh for fresh, _ in clashes],
            [old for _, old in clashes],
            base_id,
        ],
    )
    return {block for (block,) in cursor.fetchall() if block is not None}


def _overlap(a: int, b: int) -> bool:
    """Whether pieces of these scopes can set the same facet of the same row."""
    both = Scope(a & b)
    return bool(both & (Scope.PRODUCT | Scope.OFFER)) and bool(both & (Scope.MAIN | Scope.PRICES | Scope.STOCK))


def _scopes_of(cursor: CursorWrapper, base_id: int) -> list[int]:
    # A loose index scan: the index starts with (base, scope), so each step finds the next scope at once.
    cursor.execute(
        """with recursive found as (
             (select scope from exchange_piecedigest where base_id = %(base)s order by scope limit 1)
             union all
             select (select scope from exchange_piecedigest where base_id = %(base)s and scope > found.scope order by scope limit 1)
             from found where found.scope is not null)
           select scope from found where scope is not null""",
        {"base": base_id},
    )
    return [scope for (scope,) in cursor.fetchall()]


def _open(cursor: CursorWrapper, blocks: set[int]) -> None:
    """Take the digests off blocks that are no longer what they were."""
    if blocks:
        cursor.execute("update exchange_pieceblock set digest = null where id = any(%s) and digest is not null", [list(blocks)])


def _homes(cursor: CursorWrapper, base_id: int, compared: Compared, *, whole: bool) -> dict[int, int]:
    """Make a block of every chunk that can be one: the block of each of its pieces, by place. Its rows are brought there afterwards."""
    sizes, taken = _candidates(cursor, compared)
    chosen: list[tuple[Chunk, int | None]] = []
    for chunk in compared.chunks:
        if chunk.end - chunk.start < LEAST_CHUNK:
            continue
        if compared.repeated and any(compared.pieces[place].onec_id in compared.repeated for place in chunk.places()):
            continue
        there = Counter(compared.blocks[place] for place in chunk.places() if place in compared.blocks)
        # The block most of them are in, unless its digest holds for other pieces or another chunk has taken it.
        home, staying = next((found for found in there.most_common() if found[0] not in taken), (None, 0))
        if not whole and there and (home is None or staying < sizes[home] // 2 or there.total() - staying > staying // 2):
            continue
        chosen.append((chunk, home))
        if home is not None:
            taken.add(home)
    made = iter(_save_blocks(cursor, base_id, chosen))
    return {place: block for chunk, home in chosen for block in [home or next(made)] for place in chunk.places()}


def _candidates(cursor: CursorWrapper, compared: Compared) -> tuple[dict[int, int], set[int]]:
    """The sizes of the blocks that the pieces are in, and which of these hold."""
    cursor.execute(
        "select id, size, digest is not null from exchange_pieceblock where id = any(%s)", [list(set(compared.blocks.values()))]
    )
    rows = cursor.fetchall()
    return {block: size for block, size, _ in rows}, {block for block, _, holds in rows if holds}


def _save_blocks(cursor: CursorWrapper, base_id: int, chosen: Sequence[tuple[Chunk, int | None]]) -> list[int]:
    """Write the digests of the chunks into their blocks; returns the ids of the new ones, in order."""
    for chunk, home in chosen:
        if home is not None:
            cursor.execute(
                "update exchange_pieceblock set digest = %s, size = %s where id = %s",
                [chunk.digest, chunk.end - chunk.start, home],
            )
    new = [chunk for chunk, home in chosen if home is None]
    if not new:
        return []
    cursor.execute(
        """insert into exchange_pieceblock (base_id, digest, size) select %s, t.digest, t.size
           from unnest(%s::bytea[], %s::int[]) with ordinality t(digest, size, place) order by place returning id""",
        [base_id, [chunk.digest for chunk in new], [chunk.end - chunk.start for chunk in new]],
    )
    return [block for (block,) in cursor.fetchall()]


def _write(cursor: CursorWrapper, base_id: int, compared: Compared, latest: Mapping[int, int | None]) -> None:
    if not latest:
        return
    fresh = [compared.pieces[place] for place in latest]
    cursor.execute(
        """insert into exchange_piecedigest (base_id, scope, onec_id, digest, block)
           select %s, t.* from unnest(%s::smallint[], %s::text[], %s::bytea[], %s::bigint[]) t(scope, onec_id, digest, block)
           on conflict (base_id, scope, onec_id) do update set digest = excluded.digest, block = excluded.block""",
        [
            base_id,
            [piece.scope for piece in fresh],
            [piece.onec_id for piece in fresh],
            [piece.digest for piece in fresh],
            list(latest.values()),
        ],
    )


def _move(cursor: CursorWrapper, base_id: int, pieces: Sequence[Piece], moved: Mapping[int, int]) -> None:
    if not moved:
        return
    cursor.execute(
        """update exchange_piecedigest known set block = t.block
           from unnest(%s::smallint[], %s::text[], %s::bigint[]) t(scope, onec_id, block)
           where known.base_id = %s and known.scope = t.scope and known.onec_id = t.onec_id""",
        [[pieces[place].scope for place in moved], [pieces[place].onec_id for place in moved], list(moved.values()), base_id],
    )
