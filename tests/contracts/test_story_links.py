"""A case study and what it tells of: who may link, what the public reads, what is refused."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from contracts.models import Commitment, StoryLink
from contracts.services.story_links import MOST, link_story, unlink_story
from tests.charter.rows import NOW, make_case_study, publish
from tests.factories import make_user
from tests.factories_needs import make_need
from tests.factories_offers import make_fit, make_promise
from trafford_sv.core.models import AuditEvent

pytestmark = pytest.mark.django_db


def link(story, **what) -> StoryLink:
    return link_story(case_study=story, by=None, now=NOW, **what)


def test_the_public_reads_what_is_public_and_an_officer_all(client: Client) -> None:
    story = publish(make_case_study())
    open_need, hidden = make_need(title="A warm room"), make_need(title="Kept", is_public=False)
    promise = make_promise(make_fit(), title="Lend a room each Friday")
    for what in ({"need": open_need}, {"need": hidden}, {"commitment": promise}):
        link(story, **what)
    page = client.get(story.get_absolute_url()).text
    assert "A warm room" in page and "Kept" not in page
    assert f"{promise.supplier.name} promised: Lend a room each Friday" in page
    assert promise.get_absolute_url() not in page and "Link commitments" not in page
    client.force_login(make_user("coordinator"))
    page = client.get(story.get_absolute_url()).text
    assert "Kept" in page and promise.get_absolute_url() in page
    assert reverse("case-study-links", args=[story.key]) in page


def test_an_officer_links_by_name_or_address_and_takes_a_link_away(client: Client) -> None:
    story, need = publish(make_case_study()), make_need()
    first, second = make_promise(make_fit()), make_promise(make_fit())
    client.force_login(make_user("coordinator"))
    address = reverse("case-study-links", args=[story.key])
    names = [f"{first.contract.reference.lower()} / {first.number}",
             f"https://example.org/commitments/{second.pk}/"]  # fmt: skip
    client.post(address, {"need": need.pk, "commitment": names[0]})
    client.post(address, {"commitment": names[1]})
    assert set(StoryLink.objects.values_list("commitment", "need")) == {
        (None, need.pk), (first.pk, None), (second.pk, None)
    }  # fmt: skip
    again = client.post(address, {"commitment": names[1]})
    assert "linked to that commitment already" in again.text
    gone = StoryLink.objects.get(need=need)
    client.post(reverse("case-study-unlink", args=[gone.pk]))
    assert not StoryLink.objects.filter(need=need).exists()
    assert AuditEvent.objects.filter(verb="case study’s link removed").count() == 1
    with pytest.raises(ValidationError, match="gone already"):
        unlink_story(link=gone, by=None, now=NOW)


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({}, "Choose a need, or name a commitment"),
        ({"commitment": "X"}, "a slash and the commitment’s number"),
        ({"commitment": "X/99"}, "No agreed commitment has this name"),
        ({"commitment": "/commitments/999999999/"}, "No agreed commitment has this name"),
        ({"commitment": "a\0b/1"}, "Null characters"),
        ({"commitment": "9" * 400}, "at most 300 characters"),
        ({"need": "9" * 30}, "There is a problem"),
    ],
)
def test_what_cannot_be_linked_is_said(client: Client, given, sentence) -> None:
    story = make_case_study()
    client.force_login(make_user("coordinator"))
    answer = client.post(reverse("case-study-links", args=[story.key]), given)
    assert answer.status_code == 200 and sentence in answer.text
    assert not StoryLink.objects.exists()


def test_only_what_both_sides_agreed_is_told_and_it_vanishes_with_its_withdrawal(
    client: Client,
) -> None:
    story = publish(make_case_study())
    promise = make_promise(make_fit(), title="Lend a room")
    with pytest.raises(ValidationError, match="both sides have agreed"):
        link(story, commitment=Commitment(state="draft"))
    link(story, commitment=promise)
    Commitment.objects.filter(pk=promise.pk).update(state="withdrawn")
    assert "Lend a room" not in client.get(story.get_absolute_url()).text


def test_fifty_links_cost_the_page_no_more_queries_than_one(client: Client) -> None:
    story, fit = publish(make_case_study()), make_fit()
    link(story, commitment=make_promise(fit))

    def count() -> int:
        with CaptureQueriesContext(connection) as asked:
            client.get(story.get_absolute_url())
        return len(asked)

    few = count()
    for _ in range(MOST - 1):
        link(story, need=make_need())
    assert count() == few <= 12
    with pytest.raises(ValidationError, match="50 things at most"):
        link(story, need=make_need())
