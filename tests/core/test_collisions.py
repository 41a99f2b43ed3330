"""Two people edit one record: nobody's words are lost, and each field is somebody's choice."""

from __future__ import annotations

import datetime
import html
import re
from typing import Any

import pytest
from django import forms
from django.http import QueryDict
from django.test import Client
from django.urls import reverse
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.factories import make_user
from trafford_sv.core.collisions import merged, posted_as
from trafford_sv.core.models import AuditEvent, User
from trafford_sv.core.services.records import Collision, update_record

NOW = datetime.datetime(2026, 5, 4, 9, 0, tzinfo=datetime.UTC)


@pytest.fixture
def boss(db: None) -> User:
    return make_user("administrator")


@pytest.fixture
def person(db: None) -> User:
    return User.objects.create_user(email="robin@example.org", name="Robin", job_title="Officer")


def inputs(page: str) -> list[tuple[str, str]]:
    """What a browser without JavaScript would post from the collision page's form."""
    form = page[page.index("<main") :]
    form = form[form.index("<form") : form.index("</form>")]
    found = []
    for tag in re.findall(r"<input[^>]*>", form):
        attributes = dict(re.findall(r'([\w-]+)="([^"]*)"', tag))
        if attributes.get("type") == "radio" and " checked" not in tag:
            continue
        found.append(
            (html.unescape(attributes["name"]), html.unescape(attributes.get("value", "")))
        )
    return found


def post(client: Client, person: User, pairs: list[tuple[str, str]]) -> Any:
    data: dict[str, list[str]] = {}
    for name, value in pairs:
        data.setdefault(name, []).append(value)
    return client.post(reverse("person-edit", args=[person.pk]), data)


def edit(client: Client, person: User, **values: str) -> Any:
    data = {"name": "Robin", "email": "robin@example.org", "job_title": "Officer", "version": "1"}
    return client.post(reverse("person-edit", args=[person.pk]), {**data, **values})


def test_the_second_to_save_sees_both_versions_and_their_choice_is_saved(
    client: Client, boss: User, person: User
) -> None:
    other = make_user("administrator")
    User.objects.filter(pk=other.pk).update(name="Sam First")
    client.force_login(User.objects.get(pk=other.pk))
    assert edit(client, person, name="Robin Redbreast", job_title="Manager").status_code == 302

    client.force_login(boss)
    answer = edit(client, person, name="Robin Hood", email="hood@example.org")
    assert answer.status_code == 409
    page = answer.content.decode()
    assert "Sam First saved" in page
    for words in ("Robin Hood", "Robin Redbreast", "hood@example.org", "robin@example.org"):
        assert words in page
    # I never touched the job title, so what is stored is proposed for it.
    proposed = dict(inputs(page))
    assert proposed["keep:job_title"] == "stored"
    assert (proposed["keep:name"], proposed["keep:email"]) == ("mine", "mine")

    pairs = [(name, "stored" if name == "keep:name" else value) for name, value in inputs(page)]
    assert post(client, person, pairs).status_code == 302
    person.refresh_from_db()
    assert (person.name, person.email, person.job_title) == (
        "Robin Redbreast",
        "hood@example.org",
        "Manager",
    )
    assert person.version == 3
    assert AuditEvent.objects.filter(verb="person changed").count() == 2


def test_the_proposed_choices_lose_neither_persons_changes(
    client: Client, boss: User, person: User
) -> None:
    client.force_login(boss)
    edit(client, person, job_title="Manager")
    page = edit(client, person, name="Robin Hood").content.decode()
    assert post(client, person, inputs(page)).status_code == 302
    person.refresh_from_db()
    assert (person.name, person.job_title) == ("Robin Hood", "Manager")


def test_a_third_save_in_between_shows_the_page_again(
    client: Client, boss: User, person: User
) -> None:
    client.force_login(boss)
    edit(client, person, name="One")
    page = edit(client, person, name="Two").content.decode()
    edit(client, person, name="Three", version="2")
    again = post(client, person, inputs(page))
    assert again.status_code == 409
    assert "Three" in again.content.decode() and "Two" in again.content.decode()
    assert post(client, person, inputs(again.content.decode())).status_code == 302
    person.refresh_from_db()
    assert (person.name, person.version) == ("Two", 4)


def test_the_same_words_from_both_leave_nothing_to_choose(
    client: Client, boss: User, person: User
) -> None:
    client.force_login(boss)
    edit(client, person, name="Same")
    page = edit(client, person, name="Same").content.decode()
    assert "nothing to choose" in page
    assert post(client, person, inputs(page)).status_code == 302


def test_markup_in_what_was_typed_stays_text(client: Client, boss: User, person: User) -> None:
    client.force_login(boss)
    edit(client, person, name='<b>"O\'Neil" & co</b>')
    page = edit(client, person, name="<script>alert(1)</script>").content.decode()
    assert "<script>alert" not in page and "<b>" not in page
    pairs = [(name, "stored" if name == "keep:name" else value) for name, value in inputs(page)]
    post(client, person, pairs)
    person.refresh_from_db()
    assert person.name == '<b>"O\'Neil" & co</b>'


@pytest.mark.parametrize(
    "stored", ["not json", "[]", '{"name": "text"}', "{}", '{"version": ["99"]}']
)
def test_a_mangled_answer_is_no_error(stored: str) -> None:
    data = QueryDict(mutable=True)
    data.update({"name": "mine", "version": "2", "keep:name": "stored", "stored:name": stored})
    assert dict(merged(data)) == {"name": ["mine"], "version": ["2"]}


CHOICES = [("a", "A"), ("b", "B"), ("c", "C")]


class EveryWidget(forms.Form):
    text = forms.CharField(required=False, strip=False)
    area = forms.CharField(required=False, strip=False, widget=forms.Textarea)
    whole = forms.IntegerField(required=False)
    amount = forms.DecimalField(required=False, max_digits=14, decimal_places=2)
    day = forms.DateField(required=False)
    moment = forms.SplitDateTimeField(required=False)
    flag = forms.BooleanField(required=False)
    perhaps = forms.NullBooleanField()
    one = forms.ChoiceField(choices=[("", "None"), *CHOICES], required=False)
    radio = forms.ChoiceField(choices=CHOICES, widget=forms.RadioSelect, required=False)
    several = forms.MultipleChoiceField(choices=CHOICES, required=False)
    boxes = forms.MultipleChoiceField(
        choices=CHOICES, widget=forms.CheckboxSelectMultiple, required=False
    )


TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=20)
SOME = st.lists(st.sampled_from("abc"), unique=True).map(sorted)


@settings(max_examples=40)
@given(
    st.fixed_dictionaries(
        {
            "text": TEXT,
            "area": TEXT,
            "whole": st.none() | st.integers(-(10**6), 10**6),
            "amount": st.none() | st.decimals(0, 10**6, places=2),
            "day": st.none() | st.dates(datetime.date(1990, 1, 1), datetime.date(2099, 1, 1)),
            "moment": st.none()
            | st.datetimes(datetime.datetime(1990, 1, 1), datetime.datetime(2099, 1, 1)).map(
                lambda at: at.replace(microsecond=0, hour=12, tzinfo=datetime.UTC)
            ),
            "flag": st.booleans(),
            "perhaps": st.sampled_from([None, True, False]),
            "one": st.sampled_from(["", "a", "b"]),
            "radio": st.sampled_from(["", "a", "c"]),
            "several": SOME,
            "boxes": SOME,
        }
    )
)
def test_every_widget_posts_back_what_it_shows(values: dict[str, Any]) -> None:
    shown = EveryWidget(initial=values)
    data = QueryDict(mutable=True)
    for name in shown.fields:
        for input_name, items in posted_as(shown, name):
            if items:
                data.setlist(input_name, items)
    form = EveryWidget(data)
    assert form.is_valid(), form.errors
    assert form.cleaned_data == values


@pytest.mark.django_db
def test_a_collision_carries_both_and_writes_nothing(person: User, boss: User) -> None:
    update_record(record=person, changes={"name": "One"}, expected_version=1, by=boss, now=NOW)
    with pytest.raises(Collision) as raised:
        update_record(record=person, changes={"name": "Two"}, expected_version=1, by=boss, now=NOW)
    assert raised.value.stored.name == "One"
    assert raised.value.attempted == {"name": "Two"}
    assert AuditEvent.objects.count() == 1
