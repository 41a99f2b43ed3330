"""A committee paper from its beginning to its edition: kept as a draft, and never out with a gap in it."""

from __future__ import annotations

import datetime
import io
from typing import Any

import docx
import page as validator
import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from reporting.committee_paper import REQUIRED
from reporting.datasets import Pairs, problems
from reporting.editions import NotReady
from reporting.models import CommitteePaper, ReportEdition
from reporting.rendering import Sheet
from reporting.rendering.docx import edition_docx
from reporting.rendering.pdf import edition_pdf
from reporting.selectors.committee import gather_committee, words_of
from reporting.services.committee import begin_paper, write_paper
from reporting.services.editions import NotPublishable, publish_edition
from tests.factories import make_user
from tests.factories_delivery import make_commitment, make_line, make_return
from trafford_sv.core.periods import Quarter
from trafford_sv.core.services.records import Collision

pytestmark = pytest.mark.django_db
QUARTER = Quarter(2026, 1)
NOW = datetime.datetime(2026, 8, 4, 9, tzinfo=datetime.UTC)
REST = {
    "meeting_on": datetime.date(2026, 9, 7), "author": "Corporate Director for Place",
    "contact": "Social Value Co-ordinator", "consultation": "The Steering Group.",
    "finance_clearance": "PC", "legal_clearance": "TR",
    "implication_greater_manchester": "None as a consequence of this report.",
    "implication_sustainability": "None.", "implication_carbon": "None.",
    "implication_wellbeing": "None.",
}  # fmt: skip


def write(paper: CommitteePaper, **changes: Any) -> CommitteePaper:
    return write_paper(
        paper=paper, changes=changes, expected_version=paper.version, by=None, now=NOW
    )


@pytest.fixture
def paper() -> CommitteePaper:
    """Whole. One commitment of 100 hours at £10; 40 reported, 25 verified: £250 of £1,000."""
    promise = make_commitment()
    make_line(
        make_return(promise.contract, promise.supplier, QUARTER), promise, "40", verified="25"
    )
    return write(begin_paper(quarter=QUARTER, by=None, now=NOW), **REST)


def publish(number: int = 1, **values: Any) -> ReportEdition:
    return publish_edition(
        kind="committee-paper", period=QUARTER, number=number, by=None, now=NOW, checks=False, **values
    )  # fmt: skip


def test_the_words_stand_in_the_councils_layout_with_the_figures_of_the_quarter(paper):
    dataset = gather_committee(QUARTER, NOW)
    assert problems(dataset) == []
    titles = [f"{one.number} {one.title}".strip() for one in dataset.sections]
    assert titles[:9] == [
        "Report", "Summary", "Recommendations",
        "Contact person for access to background papers and further information",
        "Background papers", "Implications", "1. Background",
        "2. What was promised and what was proved", "3. Contracts over the threshold",
    ]  # fmt: skip
    assert [one for one in titles if one in ("Other options", "Consultation", "Reasons for recommendation", "Key decision and clearance")] == [
        "Other options", "Consultation", "Reasons for recommendation", "Key decision and clearance"
    ]  # fmt: skip
    (implications,) = next(one for one in dataset.sections if one.id == "implications").blocks
    assert isinstance(implications, Pairs) and len(implications.pairs) == 11
    # By hand: 25 of 40 hours at £10 were accepted; 100 hours are promised.
    values = {key: dataset.by_id[key].value for key in ("verified-social-quarter", "committed-social", "kept-social", "returns-received")}  # fmt: skip
    assert values == {
        "verified-social-quarter": "250.00", "committed-social": "1000.00", "kept-social": "0.2500",
        "returns-received": "1",
    }  # fmt: skip


def test_pdf_and_word_document_say_the_same_without_a_query(paper):
    edition = publish()
    sheet = Sheet(edition.dataset(), edition.sha256, "http://127.0.0.1:8000/reports/")
    with CaptureQueriesContext(connection) as asked:
        pdf, word = edition_pdf(sheet), edition_docx(sheet)
    assert len(asked) == 0
    report = validator.validate_pdf_bytes(pdf, profile=validator.ValidationProfile.PDF_UA_1)
    assert [str(failure) for failure in report.failures] == []
    said = "\n".join(one.text for one in docx.Document(io.BytesIO(word)).paragraphs)
    assert "suppliers proved £250 of social value" in said
    assert "1. Background" in said and "(i) That the committee notes" in said


def test_a_figure_that_is_gone_stops_the_paper_before_anything_is_published(paper):
    # Kept before the figure was taken away: put straight into the row, as an old draft would be.
    CommitteePaper.objects.update(reasons="Because of [[social-saved]].")
    with pytest.raises(NotReady, match="no figure called “social-saved”"):
        gather_committee(QUARTER, NOW)
    with pytest.raises(NotPublishable, match="social-saved"):
        publish()
    assert not ReportEdition.objects.exists()


@pytest.mark.parametrize("part", [key for key, _ in REQUIRED if key != "meeting_on"])
def test_each_part_that_is_empty_stops_it_by_name(paper, part):
    CommitteePaper.objects.update(**{part: ""})
    name = dict(REQUIRED)[part]
    with pytest.raises(NotReady) as stopped:
        gather_committee(QUARTER, NOW)
    assert f"Still empty: {name}." in str(stopped.value)


def test_a_paper_that_is_not_begun_says_so(client):
    with pytest.raises(NotReady, match="is not begun yet"):
        gather_committee(QUARTER, NOW)
    client.force_login(make_user("coordinator"))
    for name in ("edition-draft", "edition-publish"):
        answer = client.get(reverse(name, args=["committee-paper", QUARTER.code]))
        assert answer.status_code == 200 and "is not begun yet" in answer.text


def test_words_that_name_no_figure_are_refused_at_their_field_and_nothing_is_kept(paper):
    with pytest.raises(ValidationError) as refused:
        write(paper, summary="[[verified-socal-quarter]]", reasons="Plain.")
    assert "Did you mean [[verified-social-quarter]]?" in refused.value.message_dict["summary"][0]
    paper.refresh_from_db()
    assert "[[verified-social-quarter]]" in paper.summary and paper.reasons != "Plain."


def test_a_new_paper_takes_over_the_last_ones_words_but_no_clearance(paper):
    after = begin_paper(quarter=QUARTER.next, by=None, now=NOW)
    assert (after.author, after.contact) == (paper.author, paper.contact)
    assert (after.meeting_on, after.finance_clearance, after.key_decision) == (None, "", "")
    with pytest.raises(ValidationError, match="begun already"):
        begin_paper(quarter=QUARTER.next, by=None, now=NOW)


def test_two_who_write_at_once_do_not_write_over_each_other(paper):
    write(paper, summary="First.")
    with pytest.raises(Collision):
        write_paper(paper=paper, changes={"summary": "Second."}, expected_version=paper.version,
                    by=None, now=NOW)  # fmt: skip


def test_what_an_officer_types_may_hold_numbers_of_its_own(paper):
    write(paper, body="# 2030 and after\n\nIn 2021/22 it was 53%.\n\n- 12 schools took part")
    dataset = gather_committee(QUARTER, NOW)
    assert problems(dataset) == []
    assert "12 schools took part" in repr(dataset.sections)


def test_officers_begin_write_and_see_a_paper(client: Client):
    client.force_login(make_user("coordinator"))
    begun = client.post(reverse("committee-paper-begin"), {"quarter": QUARTER.code})
    edit = reverse("committee-paper-edit", args=[QUARTER.code])
    assert begun.status_code == 302 and begun["Location"] == edit
    page = client.get(edit)
    assert "[[verified-social-quarter]]" in page.text
    paper = CommitteePaper.objects.get()
    posted = {**words_of(paper), "meeting_on": "7 September 2026", "version": paper.version}
    wrong = client.post(edit, {**posted, "summary": "[[nothing]]"})
    assert wrong.status_code == 200 and "There is no figure called “nothing”" in wrong.text
    kept = client.post(
        edit, {**posted, "summary": "It is [[verified-social-quarter]]."}, follow=True
    )
    assert "The words are kept." in kept.text and "Still empty" in kept.text
    assert "It is" in kept.text and "not available" in kept.text
    nonsense = client.post(edit, {**posted, "version": paper.version + 1, "summary": "x" * 12_001})
    assert nonsense.status_code == 200 and "12000" in nonsense.text.replace(",", "")
    again = client.post(reverse("committee-paper-begin"), {"quarter": QUARTER.code})
    assert again.status_code == 200 and "There is a problem" in again.text
    for address in ("1999-00-Q9", "nothing", "2030-31-Q1"):
        assert client.get(reverse("committee-paper-detail", args=[address])).status_code == 404


def test_pages_ask_the_database_the_same_few_times_for_one_and_for_many_agreements(client, paper):
    client.force_login(make_user("coordinator"))
    address = reverse("committee-paper-detail", args=[QUARTER.code])
    client.get(address)
    with CaptureQueriesContext(connection) as few:
        client.get(address)
    for _ in range(5):
        make_commitment()
    with CaptureQueriesContext(connection) as many:
        client.get(address)
    assert len(many) == len(few)
