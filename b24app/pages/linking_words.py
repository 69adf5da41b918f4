"""What linking two objects by hand would do, or why it cannot be, in words."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from exchange.planning.joining import Outlook

_REFUSALS: Mapping[str, str | Promise] = {
    "same": gettext_lazy("They are linked already."),
    "changed": gettext_lazy("Something changed meanwhile. Look again."),
    "elsewhere": gettext_lazy("It belongs to the other 1C base “%(other)s”."),
    "no-travel": gettext_lazy("Documents of this kind are not exchanged: see the settings of the base."),
    "taken": gettext_lazy(
        "It is linked with “%(other)s” of 1C already. If both are one in 1C, mark one of them for deletion there; else unlink that one first."
    ),
    "given": gettext_lazy(
        "1C has it already, as number %(other)s: delete one of the two documents in 1C, and nothing needs to be linked."
    ),
    "own-company": gettext_lazy("It is one of your own companies, not a buyer."),
    "other-kind": gettext_lazy(
        "It is another kind of product (product, product with variants, variant, service): the portal cannot convert it."
    ),
    "other-product": gettext_lazy("It is a variant of another product. Link the product first."),
    "with-variants": gettext_lazy("The variants of this item hang on its present product. Unlink the variants first."),
}
_EFFECTS: Mapping[str, str | Promise] = {
    "merge-onec": gettext_lazy(
        "What one side lacks it gets from the other; where both say something different, 1C's value holds."
    ),
    "merge-portal": gettext_lazy(
        "What one side lacks it gets from the other; where both say something different, the portal's value holds and goes to 1C."
    ),
    "merge-both": gettext_lazy(
        "What one side lacks it gets from the other; where both say something different, each keeps its own."
    ),
    "document-left": gettext_lazy(
        "Document %(left)d of Bitrix24 stays, without a link. Delete it there if it is a double: "
        "with its next change it would go to 1C as an order of its own."
    ),
    "shared": gettext_lazy(
        "“%(other)s” of 1C has it already: from now on both of 1C are one payer in Bitrix24. "
        "Documents of both name it; only “%(other)s” is kept in line with it."
    ),
    "given-joined": gettext_lazy("1C got it from us before under another id: that id counts as this counterparty from now on."),
    "party-left": gettext_lazy(
        "Number %(left)d of Bitrix24 stays, without a link. "
        "If the two are one, merge them in Bitrix24 too: documents then name the one that is left."
    ),
    "overwritten": gettext_lazy("The next exchange writes 1C's values into it: the fields that 1C owns by your settings."),
    "both-bases": gettext_lazy("Another 1C base knows it too: the base that was linked first owns its common fields."),
    "product-off": gettext_lazy(
        "Product %(left)d, with which it is linked now, is switched off in the catalogue, not deleted: documents keep it."
    ),
    "product-left": gettext_lazy("Product %(left)d, with which it is linked now, stays as it is: another 1C base uses it."),
}


def refusal(foreseen: Outlook) -> str:
    """Why it cannot be; "" when it can."""
    return _said(_REFUSALS, foreseen.refused, foreseen) if foreseen.refused else ""


def effects(foreseen: Outlook) -> list[str]:
    """What would happen, sentence by sentence."""
    return [_said(_EFFECTS, code, foreseen) for code in foreseen.effects]


def _said(words: Mapping[str, str | Promise], code: str, foreseen: Outlook) -> str:
    text = str(words.get(code, code))
    return text % {"other": foreseen.other, "left": foreseen.left} if "%(" in text else text
