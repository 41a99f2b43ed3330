"""What went wrong in a form, in words that say what to do, with links to where.

Every control, and every link to it, uses `field_id`, so that a link never points at nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from django import forms
from django.forms import BaseForm
from django.forms.boundfield import BoundField


def field_id(bound: BoundField) -> str:
    """The id of the field's control (of the first one in a group); links point here."""
    return bound.auto_id or re.sub(r"[^\w-]", "-", bound.html_name)


def messages(bound: BoundField) -> list[str]:
    """The field's errors in words that say what to do, instead of Django's few stock ones."""
    name = _named(str(bound.label or bound.name))
    widget = bound.field.widget
    stock = type(bound.field)().error_messages if type(bound.field) in _STOCK_FIELDS else {}
    found: list[str] = []
    for error in bound.form.errors.as_data().get(bound.name, []):
        words = [str(message) for message in error.messages]
        if error.code == "required" and words == [
            str(forms.Field.default_error_messages["required"])
        ]:
            if isinstance(widget, forms.CheckboxInput):
                words = [f"Tick “{bound.label}” to go on"]
            elif isinstance(widget, forms.FileInput):
                words = ["Choose a file"]
            elif isinstance(widget, forms.widgets.ChoiceWidget):
                words = [f"Choose {name}"]
            else:
                words = [f"Enter {name}"]
        elif error.code == "invalid_choice" and isinstance(widget, forms.widgets.ChoiceWidget):
            if words[0].startswith("Select a valid choice"):
                words = [f"Choose {name} from the list"]
        elif error.code == "invalid" and words == [str(stock.get("invalid"))]:
            if isinstance(bound.field, forms.DateField):
                words = [f"Enter {name} as a date that exists, like 27/3/2026"]
            elif isinstance(bound.field, forms.DecimalField):
                words = [f"Enter {name} as a number, like 1234.50"]
            elif isinstance(bound.field, forms.IntegerField):
                words = [f"Enter {name} as a whole number, like 12"]
            elif isinstance(bound.field, forms.EmailField):
                words = [f"Enter {name} like name@example.com"]
        found += words
    return found


_STOCK_FIELDS = {forms.DateField, forms.DecimalField, forms.IntegerField, forms.EmailField}


def _named(label: str) -> str:
    """ "Award date" as "the award date"; labels that begin as a question stay as they are."""
    if label.endswith("?"):
        return f"an answer to “{label}”"
    text = label if label[1:2].isupper() else label[:1].lower() + label[1:]
    return text if text.split(" ")[0] in _BEGINNINGS else f"the {text}"


_BEGINNINGS = {
    "the",
    "a",
    "an",
    "your",
    "who",
    "what",
    "when",
    "where",
    "which",
    "how",
    "why",
    "at",
}


def error_items(all_forms: Iterable[Any]) -> list[dict[str, Any]]:
    """One entry for each error of forms and formsets, in page order: {"text", "href" or none}."""
    items: list[dict[str, Any]] = []
    for form in all_forms:
        if form is None:
            continue
        if not isinstance(form, BaseForm):  # a formset
            items += [{"text": text} for text in form.non_form_errors()]
            items += error_items(form.forms)
            continue
        items += [{"text": text} for text in form.non_field_errors()]
        for bound in form:
            for text in messages(bound):
                items.append(
                    {"text": text}
                    if bound.is_hidden
                    else {"text": text, "href": f"#{field_id(bound)}"}
                )
    return items
