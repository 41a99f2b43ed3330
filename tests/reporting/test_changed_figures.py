"""A correction says which figures changed: on its page, in its files and in its e-mail."""

from __future__ import annotations

import datetime
import io
from dataclasses import replace
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from reporting.datasets import Dataset, canonical_json, problems, read_dataset
from reporting.datasets.changes import CHANGES, changes_in, with_changes, without_changes
from reporting.mailings.letters import Enclosure, Wording, letter_of
from reporting.models import Audience, ReportEdition
from reporting.rendering import Sheet
from reporting.rendering.docx import edition_docx
from reporting.rendering.pdf import edition_pdf
from reporting.rendering.xlsx import edition_xlsx
from reporting.services.editions import NotPublishable, publish_edition

from .datasets import NOW, QUARTER, kind_that_gathers, make_dataset

pytestmark = pytest.mark.django_db
LATER = NOW + datetime.timedelta(days=1)


def altered(dataset: Dataset, rows: str, column: str, value: str) -> Dataset:
    """With another value in the first row of a row set, and every figure worked out again."""
    from reporting.datasets import figure_of

    held = dataset.row_sets[rows]
    at = held.places[column]
    first = tuple(value if place == at else cell for place, cell in enumerate(held.rows[0]))
    made = replace(held, rows=(first, *held.rows[1:]))
    sets = tuple(made if one.id == rows else one for one in dataset.rows)
    figures: list[Any] = []
    for one in dataset.figures:
        figures.append(figure_of(sets, figures, one))
    return replace(dataset, rows=sets, figures=tuple(figures))


def publish(number: int) -> ReportEdition:
    return publish_edition(
        kind="test-report", period=QUARTER, number=number, by=None,
        now=NOW if number == 1 else LATER, what_changed="A return was counted twice." if number > 1 else "",
    )  # fmt: skip


def test_each_figure_that_changed_stands_with_before_after_and_difference() -> None:
    before = replace(make_dataset(), number=1)
    after = with_changes(altered(make_dataset(), "lines", "verified", "1.00"), before)
    assert problems(after) == [] and read_dataset(canonical_json(after)) == after
    found = changes_in(after)
    moved = {one.id for one in after.figures if one.value != before.by_id[one.id].value}
    assert found and moved and {one.id for one in found} == moved
    one = next(one for one in found if one.id == "verified")
    was, now = before.by_id[one.id].amount, after.by_id[one.id].amount
    assert was is not None and now is not None
    sign = "+" if now > was else "−"
    assert (one.before, one.after) == (f"£{was:,.2f}", f"£{now:,.2f}")
    assert one.difference == f"{sign}£{abs(now - was):,.2f}"
    assert without_changes(after) == altered(make_dataset(), "lines", "verified", "1.00")


def test_a_figure_that_came_or_went_is_said_and_one_that_moved_in_a_list_is_known_by_its_name() -> (
    None
):
    before = replace(make_dataset(), number=1)
    last = before.figures[-1]
    gone = replace(before, figures=before.figures[:-1])
    assert [one.after for one in changes_in(with_changes(gone, before)) or ()] == [
        "no longer in the report"
    ]
    came = changes_in(with_changes(make_dataset(), replace(gone, number=1))) or ()
    assert [(one.id, one.before) for one in came] == [(last.id, "not in edition 1")]
    moved = replace(before, figures=(*before.figures[:-1], replace(last, id="another-place")))
    assert changes_in(with_changes(moved, before)) == ()


def test_page_files_and_letter_say_it_without_the_edition_before() -> None:
    with kind_that_gathers(make_dataset()) as held:
        publish(1)
        held[0] = altered(held[0], "lines", "verified", "1.00")
        second = publish(2)
        with pytest.raises(NotPublishable, match="Nothing differs"):
            publish(3)
        dataset = second.dataset()
        page = Client().get(second.get_absolute_url()).content.decode()
        assert "Figures that changed since edition 1" in page
        with CaptureQueriesContext(connection) as asked:
            sheet = Sheet(dataset, second.sha256, "https://example.org/e/")
            assert edition_pdf(sheet).startswith(b"%PDF") and edition_xlsx(sheet)[:2] == b"PK"
            word = edition_docx(sheet)
        assert len(asked) == 0
        from docx import Document

        texts = [one.text for one in Document(io.BytesIO(word)).paragraphs]
        assert "Figures that changed since edition 1" in texts
        one = (changes_in(dataset) or ())[0]
        wording = Wording(letter_of(second, dataset), Audience.STAR_BOARD, 1, Enclosure())
        said = f"{one.label}: {one.before}, now {one.after}"
        assert said in wording.text and said in wording.html


def test_where_only_words_changed_no_figure_did() -> None:
    with kind_that_gathers(make_dataset()) as held:
        publish(1)
        held[0] = replace(held[0], subtitle="Corrected")
        second = publish(2)
        dataset = second.dataset()
        assert changes_in(dataset) == ()
        assert "No figure changed." in Client().get(second.get_absolute_url()).content.decode()
        wording = Wording(letter_of(second, dataset), Audience.STAR_BOARD, 1, Enclosure())
        assert "No figure changed since edition 1." in wording.text


def test_an_e_mail_says_five_and_how_many_more() -> None:
    before = replace(make_dataset(), number=1)
    dataset = replace(with_changes(make_dataset(), before), number=2)
    row = ("a-{}", "A figure", "£1.00", "£2.00", "+£1.00")
    rows = tuple((row[0].format(n), *row[1:]) for n in range(7))
    held = replace(dataset.row_sets[CHANGES], rows=rows)
    dataset = replace(
        dataset, rows=tuple(held if one.id == CHANGES else one for one in dataset.rows)
    )
    with kind_that_gathers(make_dataset()):
        letter = letter_of(publish(1), dataset)
    assert (len(letter.first_changed), letter.more_changed) == (5, 2)
    assert "And 2 more" in Wording(letter, Audience.STAR_BOARD, 1, Enclosure()).text
