"""Form controls, menus and words as they reach the page."""

from __future__ import annotations

import datetime
import re
from decimal import Decimal
from typing import Any

import pytest
from django import forms
from django.template import Context, Template
from django.utils.safestring import SafeString

from trafford_sv.core import gds, gds_errors
from trafford_sv.core.form_fields import PoundsField
from trafford_sv.core.navigation import (
    FEW,
    NAVIGATION,
    NavigationItem,
    Section,
    menu_for,
    navigation_for,
    url_of,
)
from trafford_sv.core.parts import Figure, State, SummaryRow
from trafford_sv.core.roles import ROLES

CHOICES = [("", "Choose one"), ("a", "First"), ("b", "Second")]


class EveryControl(forms.Form):
    text = forms.CharField()
    value = PoundsField(minimum=Decimal(0))
    email = forms.EmailField()
    whole = forms.IntegerField()
    amount = forms.DecimalField()
    day = forms.DateField()
    one = forms.ChoiceField(choices=CHOICES)
    many = forms.MultipleChoiceField(choices=CHOICES[1:])
    radios = forms.ChoiceField(widget=forms.RadioSelect, choices=CHOICES[1:])
    boxes = forms.MultipleChoiceField(widget=forms.CheckboxSelectMultiple, choices=CHOICES[1:])
    agree = forms.BooleanField(label="I agree")
    note = forms.CharField(widget=forms.Textarea)
    secret = forms.CharField(widget=forms.PasswordInput)
    file = forms.FileField()
    moment = forms.SplitDateTimeField()
    version = forms.IntegerField(widget=forms.HiddenInput)


def drawn(source, **context):
    return Template(source).render(Context(context))


def test_every_link_of_the_summary_points_at_a_control_that_is_there():
    form = EveryControl({})
    page = drawn("{% gds_errors form %}{% gds_fields form %}", form=form)
    targets = re.findall(r'href="#([^"]+)"', page)
    ids = re.findall(r' id="([^"]+)"', page)
    assert len(targets) == 15  # every field but the hidden one, which has no control to go to
    assert set(targets) <= set(ids)
    assert len(ids) == len(set(ids))
    controls = re.findall(r'<(?:input|select|textarea)[^>]* id="([^"]+)"', page)
    assert set(targets) <= set(controls)


def test_each_error_is_said_for_screen_readers_and_tied_to_its_control():
    page = drawn("{% gds_field form.text %}", form=EveryControl({}))
    assert '<span class="govuk-visually-hidden">Error:</span> Enter the text' in page
    assert 'aria-describedby="id_text-error"' in page


def test_what_was_typed_is_shown_again_even_where_it_makes_no_sense():
    typed = {
        "text": '<b>"quoted"',
        "value": "about 5,000",
        "email": "not an address",
        "whole": "a dozen",
        "amount": "12,5,0",
        "day": "31/02/2026",
        "one": "b",
        "many": ["b"],
        "radios": "b",
        "boxes": ["b"],
        "agree": "on",
        "note": "</textarea>first line",
        "secret": "not shown",
        "moment_0": "1/13/2026",
        "moment_1": "25:00",
    }
    page = drawn("{% gds_fields form %}", form=EveryControl(typed))
    for text in (
        'value="&lt;b&gt;&#34;quoted&#34;"',
        'value="about 5,000"',
        'value="not an address"',
        'value="a dozen"',
        'value="12,5,0"',
        'value="31/02/2026"',
        '<option value="b" selected>',
        "&lt;/textarea&gt;first line",
        'value="1/13/2026"',
        'value="25:00"',
    ):
        assert text in page, text
    assert "not shown" not in page
    checked = re.findall(r'name="(\w+)" type="(\w+)" value="(\w+)" checked', page)
    assert checked == [
        ("radios", "radio", "b"),
        ("boxes", "checkbox", "b"),
        ("agree", "checkbox", "on"),
    ]


def test_checkboxes_are_checkboxes_though_django_calls_them_radios():
    page = drawn("{% gds_field form.boxes %}", form=EveryControl())
    assert 'class="govuk-checkboxes"' in page
    assert "govuk-radios" not in page


def test_stock_messages_say_what_to_do():
    form = EveryControl(
        {"day": "31/02/2026", "whole": "x", "amount": "x", "email": "x", "radios": "z"}
    )
    said = {item["href"]: item["text"] for item in gds_errors.error_items([form]) if "href" in item}
    assert said["#id_text"] == "Enter the text"
    assert said["#id_one"] == "Choose the one"
    assert said["#id_radios"] == "Choose the radios from the list"
    assert said["#id_day"] == "Enter the day as a date that exists, like 27/3/2026"
    assert said["#id_whole"] == "Enter the whole as a whole number, like 12"
    assert said["#id_agree"] == "Tick “I agree” to go on"
    assert said["#id_file"] == "Choose a file"


def test_a_fields_own_message_is_kept():
    class Own(forms.Form):
        name = forms.CharField(error_messages={"required": "Say who you are"})

    assert [item["text"] for item in gds_errors.error_items([Own({})])] == ["Say who you are"]


def test_formsets_and_errors_of_the_whole_form_are_in_the_summary():
    class Pair(forms.Form):
        name = forms.CharField()

        def clean(self):
            raise forms.ValidationError("These two do not belong together")

    rows = forms.formset_factory(Pair)(
        {"form-TOTAL_FORMS": "1", "form-INITIAL_FORMS": "1", "form-0-name": ""}
    )
    items = gds_errors.error_items([Pair({"name": "x"}), rows, None])
    assert items[0] == {"text": "These two do not belong together"}
    assert {"text": "Enter the name", "href": "#id_form-0-name"} in items


def test_hints_and_labels_are_escaped_unless_they_are_safe():
    class Hinted(forms.Form):
        name = forms.CharField(label="<i>Name</i>", help_text="<script>")

    page = drawn("{% gds_field form.name %}", form=Hinted())
    assert "<script>" not in page
    assert "<i>" not in page


def test_a_field_that_may_be_left_out_says_so():
    class Optional(forms.Form):
        note = forms.CharField(required=False)

    assert "Note (optional)" in drawn("{% gds_field form.note %}", form=Optional())
    assert "optional" not in drawn("{% gds_field form.note optional=False %}", form=Optional())


@pytest.mark.parametrize(
    "typed",
    ["3/5/2026", "03/05/2026", "3 5 2026", "3 May 2026", "3 may 2026", "3-5-2026", "2026-05-03"],
)
def test_a_day_is_read_as_people_in_britain_type_it(typed):
    assert forms.DateField().clean(typed) == datetime.date(2026, 5, 3)


@pytest.mark.parametrize("typed", ["31/02/2026", "5/30/2026", "May", "20260503"])
def test_a_day_that_does_not_exist_is_refused(typed):
    with pytest.raises(forms.ValidationError):
        forms.DateField().clean(typed)


@pytest.mark.parametrize(
    ("typed", "amount"),
    [("£1,234.00", "1234.00"), ("(500)", "-500.00"), ("0.005", "0.01"), ("", None)],
)
def test_pounds_are_read_as_people_type_them(typed, amount):
    expected = None if amount is None else Decimal(amount)
    assert PoundsField(required=False).clean(typed) == expected


def test_pounds_keep_to_their_limits():
    with pytest.raises(forms.ValidationError, match="at least £0"):
        PoundsField(minimum=Decimal(0)).clean("-1")


def test_any_component_can_be_drawn_and_its_text_is_escaped():
    page = drawn('{% gds "button" text=words prevent_double_click=True %}', words="Save <all>")
    assert "Save &lt;all&gt;" in page
    assert 'data-prevent-double-click="true"' in page
    assert gds.params_from({"label__text": "A", "label__is_page_heading": True}) == {
        "label": {"text": "A", "isPageHeading": True}
    }


ITEMS = (
    NavigationItem("Parts", "styleguide"),
    NavigationItem("Health", "healthz", "view_audit"),
    NavigationItem("Ghost", "no-such-page"),
    NavigationItem("Mine", "readyz", signed_in=True),
)


def test_the_menu_shows_only_what_is_there_and_allowed():
    def labels(permissions, signed_in):
        links = navigation_for(ITEMS, permissions, path="/", signed_in=signed_in)
        return [link.label for link in links]

    assert labels(frozenset(), False) == ["Parts"]
    assert labels(frozenset({"view_audit"}), True) == ["Parts", "Health", "Mine"]


def test_the_menu_marks_where_one_is():
    def current(path):
        return navigation_for(ITEMS[:1], frozenset(), path=path, signed_in=False)[0].current

    assert current("/styleguide/") == "page"
    assert current("/styleguide/more/") == "true"
    assert current("/") == ""


MANY = tuple(
    NavigationItem(str(number), "styleguide", section=Section.CONTRACTS) for number in range(FEW)
) + (
    NavigationItem("Audit log", "audit-list", section=Section.ADMINISTRATION),
    NavigationItem("Home", "home"),
)


def test_a_few_entries_stand_side_by_side_and_many_in_their_sections():
    few = menu_for(MANY[:FEW], frozenset(), path="/styleguide/", signed_in=True)
    assert [link.label for link in few.links] == [str(number) for number in range(FEW)]
    assert few.pages == ()

    many = menu_for(MANY, frozenset(), path="/styleguide/more/", signed_in=True)
    # A section of one page is that page; its name would say less.
    assert [(link.label, link.current) for link in many.links] == [
        ("Contracts", "true"),
        ("Audit log", ""),
        ("Home", ""),
    ]
    assert many.section == "Contracts"
    assert len(many.pages) == FEW
    assert menu_for(MANY, frozenset(), path="/audit/", signed_in=True).pages == ()


@pytest.mark.parametrize("role", ROLES.values(), ids=lambda role: role.key)
def test_every_page_of_the_menu_is_at_most_two_links_away(role):
    def menu(path):
        return menu_for(NAVIGATION, role.permissions, path=path, signed_in=True)

    first = menu("/account/").links
    assert len(first) <= 10  # one line of a laptop
    near = {link.url for link in first}
    near |= {page.url for link in first for page in menu(link.url).pages}
    allowed = navigation_for(NAVIGATION, role.permissions, path="/account/", signed_in=True)
    assert near == {link.url for link in allowed}


def test_each_entry_of_the_menu_leads_to_a_page():
    assert [item.url_name for item in NAVIGATION if not url_of(item.url_name)] == []


def test_a_figure_that_is_not_known_is_never_nought():
    page = drawn("{% figure f %}", f=Figure("Jobs", None, missing="Not reported"))
    assert "Not reported" in page
    assert "£0" not in page
    assert "sv-figure__number--missing" in page


def test_a_figure_says_its_state_in_words():
    for state in State:
        page = drawn("{% figure f %}", f=Figure("Jobs", "12", state=state))
        assert state.sentence in page
        assert ("sv-solidity--" in page) is (state is not State.PLAIN)


def test_an_empty_fact_is_not_known_but_nought_is_nought():
    page = drawn("{% summary_list rows %}", rows=[SummaryRow("Ends", None), SummaryRow("Jobs", 0)])
    assert page.count("Not known") == 1
    assert re.search(r"__value\">0</dd>", page)


def test_words_for_values():
    source = (
        "{{ a|pounds }} {{ a|pounds_short }} {{ none|pounds }} {{ s|share }} {{ d|day }}"
        ' {{ m|moment }} {{ one|plural:"contract,contracts" }} {{ many|plural:"contract,contracts" }}'
    )
    words = drawn(
        source,
        a=Decimal("1243118.20"),
        none=None,
        s=Decimal("0.53"),
        d=datetime.date(2026, 5, 3),
        m=datetime.datetime(2026, 5, 3, 13, 5, tzinfo=datetime.UTC),
        one=1,
        many=1204,
    )
    assert words == (
        "£1,243,118.20 £1.24 million Not known 53% 3 May 2026 3 May 2026 at 14:05"
        " 1 contract 1,204 contracts"
    )


def test_a_kept_drawing_is_never_given_for_other_parameters():
    dangerous = "<img>"
    assert "<img>" in gds.component("tag", {"html": SafeString(dangerous)})
    safe = gds.component("tag", {"text": SafeString(dangerous)})
    plain = gds.component("tag", {"text": dangerous})
    assert "<img>" in safe
    assert "<img>" not in plain
    assert gds.component("tag", {"text": dangerous}) == plain
    one = gds.component("textarea", {"id": "a", "name": "a", "label": {"text": "A"}, "rows": 1})
    true = gds.component("textarea", {"id": "a", "name": "a", "label": {"text": "A"}, "rows": True})
    assert 'rows="1"' in one
    assert one != true


# --- the frame of every page ---------------------------------------------------------------


@pytest.mark.django_db
@pytest.mark.parametrize("shown", [True, False])
def test_a_demonstration_says_so_on_every_page(client: Any, settings: Any, shown: bool) -> None:
    settings.DEMO_BANNER = shown
    for address in ("/", "/account/login/", "/no-such-page/"):
        page = client.get(address).content.decode()
        assert ("suppliers and payments it came with are invented" in page) is shown, address
