"""The commands of the sandbox 1C: catalog, orders, check."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from sandbox.onec import connection, corpus_command, given
from sandbox.onec.base import Base
from sandbox.onec.clients import Client, orders
from sandbox.onec.clients.wire import ClientRefused, Exchange
from sandbox.onec.comparing import compare, fetch_state
from sandbox.onec.dialects import DIALECTS, Dialect
from sandbox.onec.orderbook import OrderBook
from sandbox.onec.writers.upload import Options, Portion


def main(arguments: Sequence[str]) -> int:
    """Run one command; 0 = done, 1 = this 1C refused (or the portal differs), 2 = the command line is wrong."""
    args = _parser().parse_args(arguments)
    try:
        return int(args.run(args, _client(args)) if args.run in (run_catalog, run_check, run_orders) else args.run(args))
    except ClientRefused as refusal:
        return _tell(refusal)
    except (ValueError, OSError) as e:
        say(f"error: {e}", to_errors=True)
        return 2


def say(text: str, *, to_errors: bool = False) -> None:
    (sys.stderr if to_errors else sys.stdout).write(text + "\n")


def run_catalog(args: argparse.Namespace, client: Client) -> int:
    dialect: Dialect = DIALECTS[args.dialect]
    base = None if args.files else _base(args)
    started = time.monotonic()
    sent = dialect.send(client, _portions(args, base, dialect), wait=not args.no_wait)
    seconds = time.monotonic() - started
    say(
        f"{dialect.title}: {sent.files} files, {sent.bytes:,} bytes in {sent.portions} portion(s), {sent.imports} imports done, "
        f"{len(client.transcript)} requests in {seconds:.1f} s"
    )
    for note in sent.notes if args.verbose else ():
        say(f"  {note}")
    if base is None:
        return 0
    base.confirm()
    _keep(args.state, **base.to_state())
    return _compared(args.compare, base, dialect, args.within) if args.compare else 0


def run_compare(args: argparse.Namespace) -> int:
    """Compare a portal with a base without sending anything."""
    return _compared(args.portal, _base(args), DIALECTS[args.dialect], args.within)


def _compared(portal: str, base: Base, dialect: Dialect, within: float) -> int:
    """Look until the portal is right or the time is over; 1C's `success` comes long before the portal is filled."""
    expected = base.expected(dialect.sight)
    started = time.monotonic()
    while True:
        differences = compare(expected, fetch_state(portal))
        seconds = time.monotonic() - started
        if not differences or seconds > within:
            break
        time.sleep(min(2 + seconds / 10, 10))
    for line in differences[:200]:
        say(line)
    counts = f"{len(expected['products'])} products, {len(expected['offers'])} offers"
    if differences:
        say(f"the portal differs in {len(differences)} places ({counts}) after {seconds:.0f} s", to_errors=True)
    else:
        say(f"the portal holds exactly this base: {counts}, after {seconds:.0f} s")
    return 1 if differences else 0


def run_write(args: argparse.Namespace) -> int:
    """Write the files instead of sending them, and beside them what a portal must end with."""
    base = Base.random(items=args.items, seed=args.seed)
    dialect = DIALECTS[args.dialect]
    for portion in dialect.export(base, Options(portion=args.portion)):
        for file in portion.files:
            path = args.folder / file.name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(file.data)
    expected = json.dumps(base.expected(dialect.sight), ensure_ascii=False, indent=1)
    (args.folder / "expected.json").write_text(expected + "\n", "utf-8")
    return 0


def run_orders(args: argparse.Namespace, client: Client) -> int:
    """Take new orders, then send back what this base did to those it knows: as one scheduled exchange of 1C does it."""
    dialect = DIALECTS[args.dialect]
    book = OrderBook.from_state(dialect.manners, _stored(args.state).get("book", {}))
    taken = orders.take(lambda: client.session("sale"))
    book.take(taken.orders)
    say(f"{dialect.title}: {len(taken.orders)} orders taken: {', '.join(order.number for order in taken.orders) or 'none'}")
    for note in [*taken.notes, *book.notes]:
        say(f"  {note}")
    for order in list(book.orders.values()):
        _act(args, book, order.number, order.sum)
    sending = book.to_send()
    if sending:
        sent = orders.give(lambda: client.session("sale"), sending, Options().moment.isoformat())
        book.confirm()
        say(f"{dialect.title}: {len(sending)} orders sent back, {sent.imports} imports done")
    _keep(args.state, book=book.to_state())
    return 0


def _act(args: argparse.Namespace, book: OrderBook, number: str, total: str) -> None:
    if args.pay is not None:
        book.pay(number, args.pay or total)
    if args.ship:
        book.ship(number)
    if args.cancel:
        book.cancel(number)
    if args.status:
        book.set_status(number, args.status)


def run_corpus(args: argparse.Namespace) -> int:
    return corpus_command.run(args, say)


def run_check(args: argparse.Namespace, client: Client) -> int:
    client.session("catalog").checkauth()
    say(f"{DIALECTS[args.dialect].title}: the connection works")
    return 0


def _portions(args: argparse.Namespace, base: Base | None, dialect: Dialect) -> Iterable[Portion]:
    if base is None:
        return [given.portion(args.files)]
    return dialect.export(
        base, Options(only_changes=args.only_changes, portion=args.portion, package_changes=args.package_changes)
    )


def _base(args: argparse.Namespace) -> Base:
    """The base of --state if there is one, else a new one; then --changes are made to it."""
    stored = _stored(args.state)
    base = Base.from_state(stored) if "shape" in stored else Base.random(items=args.items, seed=args.seed)
    if args.changes:
        if "shape" not in stored:
            base.confirm()
        edits = base.change(args.changes, len(base.history) + 1)
        for edit in edits if args.verbose else ():
            say(f"  {edit.item_id}: {edit.what}: {edit.detail}")
    if args.only_changes is None:
        args.only_changes = bool(args.changes)
    return base


def _stored(path: Path | None) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text("utf-8")) if path and path.exists() else {}
    return found


def _keep(path: Path | None, **parts: Any) -> None:
    """Put these parts into the state file and leave its others alone."""
    if path:
        path.write_text(json.dumps({**_stored(path), **parts}, ensure_ascii=False), "utf-8")


def _client(args: argparse.Namespace) -> Client:
    where = connection.find(args.url, args.login, args.password)
    watch = (lambda exchange: say(_timed(exchange))) if args.verbose else None
    return Client(
        DIALECTS[args.dialect].manners,
        where.url,
        where.login,
        where.password,
        timeout=args.timeout,
        patience=args.patience,
        watch=watch,
    )


def _timed(exchange: Exchange) -> str:
    return str(exchange)


def _tell(refusal: ClientRefused) -> int:
    say(f"1C refused: {refusal.what}", to_errors=True)
    if refusal.shown:
        say(f"its user would read: {refusal.shown[:1000]}", to_errors=True)
    for exchange in refusal.transcript[-3:]:
        say(str(exchange), to_errors=True)
    return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m sandbox.onec", description="A strict 1C: sends a catalogue, takes and returns orders."
    )
    commands = parser.add_subparsers(required=True, metavar="catalog|orders|compare|write|corpus|check")
    cat = _command(commands, "catalog", run_catalog, "send a catalogue: the given files, or a random base")
    cat.add_argument("files", nargs="*", type=Path, metavar="FILE", help="XML, pictures, a folder or a zip to send as they are")
    _base_options(cat)
    full = cat.add_mutually_exclusive_group()
    full.add_argument("--full", dest="only_changes", action="store_false", default=None, help="send everything")
    full.add_argument("--only-changes", dest="only_changes", action="store_true", default=None, help="send what is registered")
    cat.add_argument("--compare", metavar="PORTAL_URL", help="then compare the sandbox portal with the base")
    cat.add_argument("--portion", type=int, default=1000, help="items a portion")
    cat.add_argument("--package-changes", action="store_true", help="prices and stock as ИзмененияПакетаПредложений")
    cat.add_argument("--no-wait", action="store_true", help="do not ask for the import (where the 1C has that setting)")
    look = commands.add_parser("compare", help="compare a sandbox portal with the base of --state or --seed, sending nothing")
    look.set_defaults(run=run_compare, only_changes=False)
    look.add_argument("portal", metavar="PORTAL_URL")
    look.add_argument("--dialect", choices=sorted(DIALECTS), default="ut11")
    look.add_argument("--verbose", action="store_true")
    _base_options(look)
    out = commands.add_parser("write", help="write the files of a random base into a folder instead of sending them")
    out.set_defaults(run=run_write)
    out.add_argument("folder", type=Path)
    out.add_argument("--dialect", choices=sorted(DIALECTS), default="ut11")
    out.add_argument("--items", type=int, default=2000)
    out.add_argument("--seed", type=int, default=1)
    out.add_argument("--portion", type=int, default=1000)
    trade = _command(commands, "orders", run_orders, "take orders; with a flag below also send all known ones back")
    trade.add_argument("--state", type=Path, metavar="FILE", help="keep the orders here between runs")
    trade.add_argument("--pay", nargs="?", const="", metavar="SUM", help="a payment for each, of its whole sum or of this one")
    for flag, text in (("--ship", "all are shipped"), ("--cancel", "all are cancelled")):
        trade.add_argument(flag, action="store_true", help=text)
    trade.add_argument("--status", default="", help="all have this status (told by УНФ and the module)")
    corpus_command.add_arguments(
        _command(commands, "corpus", run_corpus, "send every XML file of a folder by itself and tell what became of each")
    )
    _command(commands, "check", run_check, "«Проверить подключение»: checkauth only")
    return parser


def _base_options(command: argparse.ArgumentParser) -> None:
    command.add_argument("--items", type=int, default=2000)
    command.add_argument("--seed", type=int, default=1)
    command.add_argument("--changes", type=int, default=0, help="edit so many items first, and send only changes")
    command.add_argument("--state", type=Path, metavar="FILE", help="keep the base here between runs")
    command.add_argument("--within", type=float, default=300, help="seconds the portal may take to become right")


def _command(
    commands: argparse._SubParsersAction[argparse.ArgumentParser], name: str, run: object, text: str
) -> argparse.ArgumentParser:
    command = commands.add_parser(name, help=text)
    command.set_defaults(run=run)
    command.add_argument("--url")
    command.add_argument("--login")
    command.add_argument("--password")
    command.add_argument("--dialect", choices=sorted(DIALECTS), default="ut11")
    command.add_argument("--timeout", type=float, help="seconds for one answer (default: that 1C's own)")
    command.add_argument("--patience", type=float, default=3600, help="seconds to go on asking for one import")
    command.add_argument("--verbose", action="store_true", help="show every request and answer with its time")
    return command
