"""What a change of rules would do, shown before it is saved: which goods, documents and buyers it concerns, counted, with a few examples.

Goods, documents and buyers that are known are counted by the database; documents that would begin to travel are not known yet, so the
portal is asked for them: two requests, however many there are, from which their number is reckoned where they are too many to read.
"""

from __future__ import annotations

from b24app.models import Portal
from exchange.models import OneCBase
from exchange.settling import what_if_documents, what_if_goods, what_if_new, what_if_parties
from exchange.settling.what_if_lines import EXAMPLES, Example, Line, WhatIf
from mapping.rules import Rules

__all__ = ["EXAMPLES", "Example", "Line", "WhatIf", "what_if"]


def what_if(portal: Portal, base: OneCBase, before: Rules, after: Rules) -> WhatIf:
    """What it would do to replace the rules `before` by `after`; nothing is changed. Texts are in the language in force.

    A portal that cannot be asked raises nothing: documents that would begin to travel are left out then (`complete` False).
    """
    if before == after:
        return WhatIf()
    lines = [*what_if_goods.lines(base, before, after)]
    complete = True
    if before.trade != after.trade or before.base_price_type != after.base_price_type:
        new = what_if_new.lines(portal, base, before, after)
        complete = new is not None
        lines += [
            *(new or ()),
            *what_if_documents.lines(portal, base, before, after),
            *what_if_parties.lines(base, before, after),
        ]
    return WhatIf(tuple(line for line in lines if line.count), complete)
