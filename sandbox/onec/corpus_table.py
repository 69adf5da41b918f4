"""The results of a corpus as a document in Markdown: counts first, then a row for every file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from sandbox.onec.corpus import Result

HEAD = (
    "| file | kind | bytes | the endpoint answered | holds | read | in the portal | not in the portal, and why |\n"
    "|---|---|---:|---|---|---|---|---|"
)
COLUMNS = ("groups", "properties", "products", "offers", "price types", "warehouses", "units", "documents", "counterparties")
# What the reader counts besides objects of 1C.
NOT_OBJECTS = ("classifiers", "catalogues or offer packages")
MOST_PROBLEMS = 4


def document(results: Sequence[Result], introduction: str) -> str:
    """The whole text; `introduction` comes first as it is."""
    return "\n".join([introduction.rstrip(), "", *_summary(results), "", HEAD, *(_row(result) for result in results), ""])


def _summary(results: Sequence[Result]) -> Iterator[str]:
    taken = [result for result in results if result.is_taken]
    yield f"* {len(results)} files, {sum(result.size for result in results):,} bytes; {len(taken)} answered `success`."
    kinds = Counter(result.seen.kind for result in results)
    yield f"* By kind: {', '.join(f'{count} {kind}' for kind, count in kinds.most_common())}."
    for answer, count in Counter(result.answer for result in results if not result.is_taken).most_common():
        yield f"* {count} answered: {_cell(answer)}"
    for column in ("groups", "properties", "products", "offers"):
        named = sum(len(result.seen.ids.get(column, ())) for result in taken)
        there = sum(result.portal[column] for result in taken)
        yield f"* {column.capitalize()}: {named} ids named by these files, {there} of them in the portal."
    met = Counter(name for result in results for name in result.read.get("sale", {}).get("not_carried", ()))
    if met:
        yield (
            f"* Of documents {len(met)} names have no field of the portal's own; their values are kept with the document: "
            f"{', '.join(sorted(met))}."
        )
    slowest = max(results, key=lambda result: result.seconds, default=None)
    if slowest is not None:
        yield f"* The slowest exchange took {slowest.seconds:.1f} s ({_cell(slowest.name)})."
    causes: Counter[str] = Counter()
    # Of each base once: several files may share one.
    for result in {result.login or result.name: result for result in results}.values():
        for problem in _problems(result):
            causes[problem["cause"]] += problem["objects"]
    if causes:
        yield f"* Problems told to people: {', '.join(f'{cause} {count}' for cause, count in causes.most_common())}."


def _row(result: Result) -> str:
    cells = (
        f"`{result.name}`",
        result.seen.kind + (" (changes)" if result.seen.is_changes else ""),
        f"{result.size:,}",
        _answer(result),
        _counts({column: result.seen.counts[column] for column in COLUMNS}) or "nothing",
        _read(result),
        _counts(result.portal) or "nothing",
        "; ".join(_missing(result)) or "–",
    )
    return f"| {' | '.join(_cell(cell) for cell in cells)} |"


def _answer(result: Result) -> str:
    return f"`{result.type_}`{' in a zip' if result.zipped else ''}: {result.answer}"


def _read(result: Result) -> str:
    if not result.read:
        return "–"
    found = {name: count for name, count in result.read["found"].items() if name not in NOT_OBJECTS}
    sale = {name: count for name, count in result.read.get("sale", {}).get("counts", {}).items() if name not in found}
    told = _counts(found) or "nothing"
    return f"{told}: {_counts(sale)}" if sale else told


def _missing(result: Result) -> Iterator[str]:
    """What the file names and the portal has not, and what the application says about it."""
    for column in ("groups", "properties", "products", "offers"):
        lacks = len(result.seen.ids.get(column, ())) - result.portal[column]
        if lacks:
            yield f"{lacks} {column}"
    if deleted := result.read.get("deleted", 0):
        yield f"{deleted} marked as deleted: never made, only switched off"
    waiting = {kind: counts["waiting"] for kind, counts in result.told.get("objects", {}).items() if counts["waiting"]}
    if waiting:
        yield f"waiting for what other files tell: {_counts(waiting)}"
    sale = result.read.get("sale", {})
    if left := sale.get("not_taken"):
        yield f"not documents of a sale: {_times(left)}"
    if left := sale.get("not_carried"):
        yield f"kept with the document, without a field of the portal's own: {_times(left)}"
    for problem in _problems(result)[:MOST_PROBLEMS]:
        yield f"{problem['cause']} × {problem['objects']}"
    if result.seen.fault:
        yield f"not well-formed: {result.seen.fault}"
    if error := result.read.get("error", ""):
        yield f"the reader says: {error}"


def _problems(result: Result) -> list[dict[str, Any]]:
    return list(result.told.get("problems", ()))


def _counts(counts: Counter[str] | dict[str, int]) -> str:
    return ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in counts.items() if count)


def _times(names: dict[str, int]) -> str:
    """Names with how often they were met."""
    return ", ".join(name if count == 1 else f"{name} × {count}" for name, count in names.items())


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").split())


def words(results: Iterable[Result]) -> str:
    """One sentence for the terminal."""
    listed = list(results)
    return f"{len(listed)} files sent, {sum(result.is_taken for result in listed)} taken"
