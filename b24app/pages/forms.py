"""What an administrator may type on the pages, checked on the server."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from b24app.pages.configurations import choices


def first_name(bases: int) -> str:
    """A name that a new base may keep, given how many there are already."""
    return gettext("1C") if not bases else gettext("1C, base %(number)d") % {"number": bases + 1}


class BaseForm(forms.Form):
    """A new 1C base: what people call it, and which 1C it is."""

    name = forms.CharField(
        label=_("Name"),
        max_length=100,
        help_text=_("As you call this base among yourselves, for example “Trade, main base”."),
        error_messages={"required": _("Give the base a name."), "max_length": _("At most 100 characters, please.")},
    )
    configuration = forms.ChoiceField(
        label=_("Which 1C is it"),
        choices=choices,
        help_text=_("In 1C: Help → About. It decides the instructions below and how we talk to this base."),
        error_messages={"required": _("Choose which 1C it is."), "invalid_choice": _("Choose one of the list.")},
    )
