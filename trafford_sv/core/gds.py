"""The GOV.UK Design System's markup, rendered from one process-wide Jinja environment.

`component(name, params)` is any macro of the library; `field(bound)` is a Django form field as
the matching component; `errors(forms)` is the error summary at the top of a page.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

from django import forms
from django.forms.boundfield import BoundField
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString, mark_safe
from jinja2 import ChainableUndefined, Environment, PackageLoader, PrefixLoader

from .gds_errors import error_items, field_id, messages

DATE_HINT = "For example, 27/3/2026 or 27 March 2026"
_OWN_ATTRIBUTES = {
    # Set by the component itself, or left out on purpose: a browser that enforces `maxlength`
    # or `required` cuts what was typed or speaks in its own words before ours are reached.
    "id",
    "class",
    "required",
    "aria-describedby",
    "aria-invalid",
    "type",
    "autocomplete",
    "inputmode",
    "rows",
    "cols",
    "maxlength",
    "minlength",
    "min",
    "max",
    "step",
    "multiple",
}


@lru_cache(maxsize=1)
def _environment() -> Environment:
    return Environment(
        loader=PrefixLoader({"govuk_frontend_jinja": PackageLoader("govuk_frontend_jinja")}),
        autoescape=True,
        undefined=ChainableUndefined,
        auto_reload=False,
        trim_blocks=True,
        lstrip_blocks=True,
    )


@lru_cache(maxsize=64)
def _macro(name: str) -> Any:
    template = _environment().get_template(f"govuk_frontend_jinja/components/{name}/macro.html")
    pascal = "".join(part.capitalize() for part in name.split("-"))
    return getattr(template.module, f"govuk{pascal}")


_drawn: dict[Any, SafeString] = {}
_MOST_KEPT = 2000
_LONGEST_KEPT = 20_000


def component(name: str, params: Mapping[str, Any]) -> SafeString:
    """The HTML of one component; `params` as the Design System names them (camelCase).

    The same parameters draw the same HTML, so it is kept: a list's filters cost a look-up, not
    a millisecond each.
    """
    try:
        key = (name, _frozen(params))
        kept = _drawn.get(key)
    except TypeError:  # something that cannot be compared; draw it
        key, kept = None, None
    if kept is not None:
        return kept
    html = mark_safe(str(_macro(name)(params)).strip())
    if key is not None and len(html) < _LONGEST_KEPT:
        if len(_drawn) >= _MOST_KEPT:
            _drawn.clear()
        _drawn[key] = html
    return html


def _frozen(value: Any) -> Any:
    """As a key. The type is part of it: safe text is not the same as plain text, nor True as 1."""
    if isinstance(value, Mapping):
        return tuple((name, _frozen(inner)) for name, inner in value.items())
    if isinstance(value, list | tuple):
        return ("list", *map(_frozen, value))
    return value.__class__, value


def params_from(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """`label__text="Name"`, `is_page_heading=True` as {"label": {"text": ...}, "isPageHeading": ...}."""
    params: dict[str, Any] = {}
    for key, value in arguments.items():
        *parents, leaf = [_camel(part) for part in key.split("__")]
        place = params
        for parent in parents:
            place = place.setdefault(parent, {})
        place[leaf] = value
    return params


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)


def errors(
    all_forms: Iterable[Any], title: str = "There is a problem", *, focus: bool = True
) -> SafeString:
    """The error summary, which takes the focus; nothing where there are no errors."""
    items = error_items(all_forms)
    if not items:
        return SafeString("")
    params: dict[str, Any] = {"titleText": title, "errorList": items}
    if not focus:
        params["disableAutoFocus"] = "true"
    return component("error-summary", params)


def field(
    bound: BoundField,
    *,
    label: str | None = None,
    hint: str | None = None,
    classes: str = "",
    prefix: str = "",
    suffix: str = "",
    rows: int | None = None,
    size: str = "",
    heading: bool = False,
    inline: bool = False,
    small: bool = False,
    optional: bool | None = None,
    group_classes: str = "",
    count: int | None = None,
) -> SafeString:
    """A form field with label, hint, error and what was typed.

    `size` (s, m, l, xl) and `heading` style the label; `optional` False hides "(optional)";
    `inline` and `small` are for radios and checkboxes; `count` adds a character count.
    """
    widget = bound.field.widget
    if bound.is_hidden:
        return SafeString(bound)
    context = widget.get_context(
        bound.html_name, bound.value(), bound.build_widget_attrs({"id": field_id(bound)}, widget)
    )["widget"]
    attributes = {
        key: value if value is not True else key
        for key, value in context["attrs"].items()
        if key not in _OWN_ATTRIBUTES and value not in (None, False)
    }
    text: str = str(bound.label if label is None else label)
    show_optional = not bound.field.required if optional is None else optional
    if show_optional and not isinstance(widget, forms.CheckboxInput):
        text = format_html("{} (optional)", text)
    help_text = bound.help_text if hint is None else hint
    if not help_text and isinstance(widget, forms.DateInput):
        help_text = DATE_HINT
    all_classes = " ".join(filter(None, [context["attrs"].get("class", ""), classes]))
    params: dict[str, Any] = {
        "id": field_id(bound),
        "name": bound.html_name,
        "label": {
            "html": conditional_escape(text),
            "classes": f"govuk-label--{size}" if size else "",
            "isPageHeading": heading,
        },
        "classes": all_classes,
        "attributes": attributes,
        "formGroup": {"classes": group_classes},
        "disabled": bound.field.disabled,
    }
    if help_text:
        params["hint"] = {"html": conditional_escape(help_text)}
    if bound.errors:
        message = mark_safe("<br>".join(conditional_escape(text) for text in messages(bound)))
        params["errorMessage"] = {"html": message}

    # CheckboxSelectMultiple is a RadioSelect to Django, so it is asked about first.
    if isinstance(widget, forms.CheckboxSelectMultiple):
        return _group("checkboxes", params, context, size=size, inline=inline, small=small)
    if isinstance(widget, forms.RadioSelect):
        return _group("radios", params, context, size=size, inline=inline, small=small)
    if isinstance(widget, forms.CheckboxInput):
        return _single_checkbox(params, context, small=small)
    if isinstance(widget, forms.Select):
        return _select(params, context, widget)
    if isinstance(widget, forms.MultiWidget):
        return _several(bound, params, context, size=size)
    if isinstance(widget, forms.FileInput):
        accept = context["attrs"].get("accept")
        params["attributes"] = attributes | ({"accept": accept} if accept else {})
        if context["attrs"].get("multiple"):
            params["multiple"] = True
        return component("file-upload", params)

    params["value"] = "" if context["value"] is None else str(context["value"])
    for name in ("autocomplete", "inputmode"):
        if context["attrs"].get(name):
            params[name] = context["attrs"][name]
    if isinstance(widget, forms.Textarea):
        params["rows"] = rows or context["attrs"].get("rows") or 5
        if count:
            return component("character-count", params | {"maxlength": count})
        return component("textarea", params)
    if isinstance(widget, forms.PasswordInput):
        return component("password-input", params)
    params["type"] = "text"
    kind = getattr(widget, "input_type", "text")
    if kind == "number":
        # As text: a browser's number box throws away what it does not understand.
        whole = isinstance(bound.field, forms.IntegerField) and not isinstance(
            bound.field, forms.DecimalField
        )
        params["inputmode"] = "numeric" if whole else "decimal"
        params["spellcheck"] = False
    elif isinstance(widget, forms.DateInput) and kind == "text":
        params["classes"] = f"{all_classes} govuk-input--width-20".strip()
    elif kind in {"email", "tel", "url", "search"}:
        params["type"] = kind
        if kind == "email":
            params |= {"spellcheck": False, "autocomplete": params.get("autocomplete", "email")}
    elif kind not in {"text", "date"}:
        params["type"] = kind
    if prefix:
        params["prefix"] = {"text": prefix}
    if suffix:
        params["suffix"] = {"text": suffix}
    return component("input", params)


def _options(context: Mapping[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    return [
        (str(group or ""), option)
        for group, options, _ in context["optgroups"]
        for option in options
    ]


def _group(
    name: str,
    params: dict[str, Any],
    context: Mapping[str, Any],
    *,
    size: str,
    inline: bool,
    small: bool,
) -> SafeString:
    label = params.pop("label")
    items: list[dict[str, Any]] = []
    for number, (_, option) in enumerate(_options(context)):
        value = "" if option["value"] is None else str(option["value"])
        items.append(
            {
                # The first control carries the group's own id: the error summary links to it.
                "id": params["id"] if number == 0 else f"{params['id']}_{number}",
                "value": value,
                "text": str(option["label"]),
                "checked": bool(option["selected"]),
                "disabled": bool(params["disabled"] or option["attrs"].get("disabled")),
            }
        )
    extra = [
        params["classes"],
        f"govuk-{name}--inline" if inline else "",
        f"govuk-{name}--small" if small else "",
    ]
    return component(
        name,
        params
        | {
            "idPrefix": params["id"],
            "items": items,
            "classes": " ".join(filter(None, extra)),
            "fieldset": {
                "legend": {
                    "html": label["html"],
                    "isPageHeading": label["isPageHeading"],
                    "classes": f"govuk-fieldset__legend--{size}" if size else "",
                }
            },
        },
    )


def _single_checkbox(
    params: dict[str, Any], context: Mapping[str, Any], *, small: bool
) -> SafeString:
    label = params.pop("label")
    item = {
        "id": params["id"],
        "value": str(context["value"] or "on"),
        "html": label["html"],
        "checked": bool(context["attrs"].get("checked")),
        "disabled": params["disabled"],
    }
    if "hint" in params:
        item["hint"] = params.pop("hint")
    classes = f"{params['classes']} govuk-checkboxes--small" if small else params["classes"]
    params["attributes"] = {k: v for k, v in params["attributes"].items() if k != "checked"}
    return component(
        "checkboxes",
        params | {"idPrefix": params["id"], "items": [item], "classes": classes.strip()},
    )


def _select(params: dict[str, Any], context: Mapping[str, Any], widget: forms.Select) -> SafeString:
    params["items"] = [
        {
            "value": "" if option["value"] is None else str(option["value"]),
            "text": f"{group}: {option['label']}" if group else str(option["label"]),
            "selected": bool(option["selected"]),
            "disabled": bool(option["attrs"].get("disabled")),
        }
        for group, option in _options(context)
    ]
    if widget.allow_multiple_selected:
        params["attributes"] = params["attributes"] | {
            "multiple": "multiple",
            "size": min(len(params["items"]), 8),
        }
    return component("select", params)


def _several(
    bound: BoundField, params: dict[str, Any], context: Mapping[str, Any], *, size: str
) -> SafeString:
    """Widgets of several boxes (a range, a date and time) as one fieldset."""
    labels = getattr(bound.field.widget, "box_labels", None) or ("From", "To")
    boxes = []
    for number, part in enumerate(context["subwidgets"]):
        boxes.append(
            component(
                "input",
                {
                    "id": params["id"] if number == 0 else f"{params['id']}_{number}",
                    "name": part["name"],
                    "value": "" if part["value"] is None else str(part["value"]),
                    "label": {"text": labels[number] if number < len(labels) else str(number + 1)},
                    "classes": f"{params['classes']} {'govuk-input--error' if bound.errors else ''}".strip(),
                    "formGroup": {"classes": "sv-boxes__box"},
                },
            )
        )
    described = []
    before = ""
    if "hint" in params:
        described.append(f"{params['id']}-hint")
        before += component("hint", params["hint"] | {"id": described[-1]})
    if "errorMessage" in params:
        described.append(f"{params['id']}-error")
        before += component("error-message", params["errorMessage"] | {"id": described[-1]})
    body = component(
        "fieldset",
        {
            "legend": {
                "html": params["label"]["html"],
                "classes": f"govuk-fieldset__legend--{size}" if size else "",
            },
            "describedBy": " ".join(described),
            "html": mark_safe(f'{before}<div class="sv-boxes">{"".join(boxes)}</div>'),
        },
    )
    classes = ["govuk-form-group", "govuk-form-group--error" if bound.errors else ""]
    classes.append(params["formGroup"]["classes"])
    return format_html('<div class="{}">{}</div>', " ".join(filter(None, classes)), body)
