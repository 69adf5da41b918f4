"""How the generations of 1C clients differ, as one table: each row is read from that generation's own exchange module."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Token(Enum):
    """Where the session token of checkauth's fourth line goes in later requests."""

    NOWHERE = "nowhere"
    LAST = "last"
    BEFORE_MODE = "before mode"
    AFTER_MODE = "after mode"


class Reading(Enum):
    """How a body of bytes becomes text."""

    ANSI = "the Windows code page, whatever the header says"
    HEADER = "by the header, UTF-8 without one"
    RETRY = "by the header, then windows-1251 and UTF-8 when letters are lost"


@dataclass(frozen=True, slots=True)
class Manners:
    """The behaviour of one generation.

    `timeout` None = waits for ever; `init_lines` is the exact count, or the least one with `init_at_least`;
    `sale_init_lines`: what orders need when it is more;
    `exact_status`: any status but 200 stops it; `shows_text`: shows the server's words on a refused login (short and no HTML).
    """

    name: str
    https: bool
    timeout: float | None
    trims_keyword: bool
    token: Token
    token_verbatim: bool
    reading: Reading
    init_lines: int = 2
    init_at_least: bool = False
    sale_init_lines: int = 0
    exact_status: bool = False
    shows_text: bool = False
    pause: float = 0.0
    tries_connection_first: bool = False
    retries_partial: bool = False
    init_before_query: bool = False
    imports_orders: bool = False
    init_extra: str = ""
    every_extra: str = ""
    import_first: bool = False


A = Manners(
    name="A",
    https=False,
    timeout=None,
    trims_keyword=False,
    token=Token.NOWHERE,
    token_verbatim=False,
    reading=Reading.ANSI,
)
B = Manners(
    name="B",
    https=True,
    timeout=None,
    trims_keyword=False,
    token=Token.NOWHERE,
    token_verbatim=False,
    reading=Reading.ANSI,
)
C = Manners(
    name="C",
    https=True,
    timeout=180,
    trims_keyword=True,
    token=Token.LAST,
    token_verbatim=False,
    reading=Reading.HEADER,
    tries_connection_first=True,
    imports_orders=True,
)
D = Manners(
    name="D",
    https=True,
    timeout=1800,
    trims_keyword=True,
    token=Token.BEFORE_MODE,
    token_verbatim=True,
    reading=Reading.RETRY,
    init_at_least=True,
    shows_text=True,
    pause=5.0,
    retries_partial=True,
    init_before_query=True,
    import_first=True,
)
D2 = Manners(
    name="D2",
    https=True,
    timeout=1800,
    trims_keyword=True,
    token=Token.BEFORE_MODE,
    token_verbatim=True,
    reading=Reading.RETRY,
    init_at_least=True,
    shows_text=True,
    pause=5.0,
    retries_partial=True,
    init_before_query=True,
    import_first=True,
)
# УНФ with «Подчиненные документы»: every upload request names the versions, and orders get an import call.
D_SUBORDINATE = Manners(
    name="D",
    https=True,
    timeout=1800,
    trims_keyword=True,
    token=Token.BEFORE_MODE,
    token_verbatim=True,
    reading=Reading.RETRY,
    init_at_least=True,
    shows_text=True,
    pause=5.0,
    retries_partial=True,
    init_before_query=True,
    imports_orders=True,
    every_extra="version=2.09&cmlVersion=2.10",
    import_first=True,
)
E = Manners(
    name="E",
    https=True,
    timeout=1800,
    trims_keyword=True,
    token=Token.AFTER_MODE,
    token_verbatim=True,
    reading=Reading.RETRY,
    init_lines=1,
    init_at_least=True,
    exact_status=True,
    shows_text=True,
    init_before_query=True,
)
# The exchange module of 1C-Bitrix: its source is not public, so this row follows the published description and server code.
MODULE31 = Manners(
    name="module31",
    https=True,
    timeout=600,
    trims_keyword=True,
    token=Token.LAST,
    token_verbatim=True,
    reading=Reading.RETRY,
    init_at_least=True,
    sale_init_lines=4,
    exact_status=True,
    shows_text=True,
    init_before_query=True,
    imports_orders=True,
    init_extra="version=3.1",
)
