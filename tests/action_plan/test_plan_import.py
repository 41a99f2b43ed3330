"""The plan as a table, out and in: a round trip changes nothing, and a bad row says why."""

from __future__ import annotations

import csv
import datetime
import io

import pytest
from django.core.files.base import ContentFile
from django.urls import reverse
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from action_plan.imports.actions import same_cell
from action_plan.imports.columns import EXPORT, LABELS, steps_of
from action_plan.models import Action, Milestone
from action_plan.services.actions import change_action, create_action, tidy_text
from tests.factories import make_organisation, make_user
from tests.factories_plan import make_action, make_milestone, make_theme
from trafford_sv.core.exports import csv_lines, neutralised, write_xlsx
from trafford_sv.core.models import ImportRun
from trafford_sv.core.services.imports import (
    PlanIsStale,
    apply_run,
    plan_run,
    queue_planning,
    remember_mapping,
    upload_file,
)

pytestmark = pytest.mark.django_db
NOW = datetime.datetime(2026, 8, 3, 10, 0, tzinfo=datetime.UTC)
TODAY = datetime.date(2026, 8, 3)


def export(kind="csv"):
    rows = Action.objects.select_related("theme", "principle", "lead_organisation")
    rows = rows.prefetch_related("milestones")
    if kind == "csv":
        return "".join(csv_lines(EXPORT, rows)).encode()
    file = io.BytesIO()
    write_xlsx(file, EXPORT, rows, "Plan")
    return file.getvalue()


def planned(body, kind="csv", now=NOW):
    by = make_user()
    run = upload_file(kind="actions", file=ContentFile(body), name=f"plan.{kind}", by=by, now=now)
    headings = run.facts["headings"]
    columns = {name: label for name, label in LABELS.items() if label in headings}
    run = remember_mapping(run=run, columns=columns, headings=headings, by=by, now=now)
    return plan_run(run=queue_planning(run=run, by=by, now=now), by=by, now=now)


def table(*rows):
    """A CSV of dictionaries by heading."""
    headings = list(dict.fromkeys(name for row in rows for name in row))
    file = io.StringIO()
    writer = csv.DictWriter(file, headings)
    writer.writeheader()
    writer.writerows(rows)
    return file.getvalue().encode()


def sentences(run):
    return [problem["sentence"] for row in run.planned_rows.all() for problem in row.problems]


NASTY = [
    "=1+1", "'=quoted", "+44", "-dash", "@at", "'plain", "two\nlines\r\nthree", "a, b; \"c\"",
    "\tTab", "ﬁne – ½ 🎉", "0012", "31/03/2026", "none", "n/a", "yes", "x" * 200,
]  # fmt: skip


def a_nasty_plan(texts=NASTY):
    for number, text in enumerate(texts):
        action = create_action(
            values={
                "theme": make_theme("PR" if number % 2 else "GO"),
                "title": text or "Title",
                "description": text,
                "lead_name": text,
                "source": text,
                "metric_key": text[:80],
                "lead_email": f"lead{number}@example.org",
                "lead_organisation": make_organisation(f"Invented {text[:50]}", "partner"),
                "starts": datetime.date(2026, 4, 1) if number % 3 else None,
                "due": datetime.date(2027, 1, 31) if number % 4 else None,
                "status": "complete" if number % 5 == 0 else "at_risk",
                "is_public": bool(number % 2),
                "waits_for": list(Action.objects.all()[:2]),
            },
            by=None, now=NOW, today=TODAY,
        )  # fmt: skip
        make_milestone(action, title=tidy_text(text) or "Step", due=datetime.date(2026, 5, 1))
        make_milestone(action, title="[open] B", done_on=datetime.date(2026, 6, 1))


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_what_is_exported_and_imported_again_changes_nothing(kind):
    a_nasty_plan()
    run = planned(export(kind), kind)
    assert sentences(run) == []
    changes = [(row.key, row.changes) for row in run.planned_rows.all()]
    assert changes == []
    assert (run.created, run.changed, run.unchanged) == (0, 0, len(NASTY))


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(max_size=60))
def test_any_text_is_the_same_cell_as_its_own_export(text):
    stored = tidy_text(text, lines=True)
    assert same_cell(neutralised(stored), stored)
    # And a text that is another is another.
    assert not same_cell(f"{stored} and more", stored)


def test_an_empty_table_is_filled_from_an_export_of_another():
    # Only beside the stored text can one tell whether an apostrophe is its own.
    a_nasty_plan([text for text in NASTY if text != "'=quoted"])
    body = export()
    before = [
        (row.title, row.description, row.due, row.status, row.waits_for_references,
         sorted(row.milestones.values_list("title", "due", "done_on")))
        for row in Action.objects.prefetch_related("milestones").order_by("reference")
    ]  # fmt: skip
    Action.objects.all().delete()
    run = planned(body)
    assert sentences(run) == []
    apply_run(run=run, only_valid=False, by=make_user(), now=NOW)
    after = [
        (row.title, row.description, row.due, row.status, row.waits_for_references,
         sorted(row.milestones.values_list("title", "due", "done_on")))
        for row in Action.objects.prefetch_related("milestones").order_by("reference")
    ]  # fmt: skip
    assert after == before


def test_each_change_is_shown_before_it_is_made_and_empties_what_is_empty():
    action = make_action(title="Ask the hubs", lead_name="Somebody", due=datetime.date(2026, 12, 1))
    make_milestone(action, title="Survey", due=datetime.date(2026, 5, 1))
    make_theme("PR")
    body = table(
        {
            "Reference": action.reference, "Theme": "Governance", "Title": "Ask all hubs",
            "Due": "31/12/2026", "Lead": "", "Status": "at risk",
            "Milestones": "2026-05-01 [2026-05-03] Survey\n2026-09-01 [open] Report",
        },
        {"Reference": "", "Theme": "procurement", "Title": "A new one", "Due": "", "Lead": ""},
    )  # fmt: skip
    run = planned(body)
    assert sentences(run) == []
    (changed,) = run.planned_rows.filter(outcome="changed")
    assert [(c["label"], c["before"], c["after"]) for c in changed.changes] == [
        ("Title", "Ask the hubs", "Ask all hubs"),
        ("Lead", "Somebody", "Nothing"),
        ("Due", "1 December 2026", "31/12/2026"),
        ("Status", "On track", "at risk"),
        ("Milestones", "2026-05-01 [open] Survey",
         "2026-05-01 [2026-05-03] Survey\n2026-09-01 [open] Report"),
    ]  # fmt: skip
    assert Action.objects.get(pk=action.pk).title == "Ask the hubs"
    apply_run(run=run, only_valid=False, by=make_user(), now=NOW)
    stored = Action.objects.get(pk=action.pk)
    assert (stored.title, stored.status, stored.lead_name) == ("Ask all hubs", "at_risk", "")
    assert Milestone.objects.get(title="Survey").done_on == datetime.date(2026, 5, 3)
    assert Action.objects.get(title="A new one").reference == "PR-01"
    # What the file does not hold is left alone.
    assert stored.starts == datetime.date(2024, 4, 1)


def test_a_row_that_cannot_be_says_what_to_do():
    one, two = make_action(reference="GO-01"), make_action(reference="GO-02")
    change_action(
        action=two, changes={"waits_for": [one]}, expected_version=1, by=None, now=NOW, today=TODAY
    )
    make_theme("IM")
    fine = {"Theme": "Governance", "Title": "T"}
    run = planned(
        table(
            {**fine, "Reference": "go 1"},
            {**fine, "Theme": "Cooking"},
            {**fine, "Title": ""},
            {**fine, "Starts": "2026-05-03", "Due": "2026-05-02"},
            {**fine, "Due": "31/31/2026"},
            {**fine, "Status": "great"},
            {**fine, "Completed on": "2026-05-02"},
            {**fine, "Status": "complete", "Completed on": "2027-05-02"},
            {**fine, "Lead organisation": "Nobody Ltd"},
            {**fine, "Lead’s e-mail address": "nobody"},
            {**fine, "Reference": "GO-01", "Waits for": "GO-02"},
            {**fine, "Waits for": "GO-99"},
            {**fine, "Milestones": "soon: survey"},
            {**fine, "Title": "=cmd()"},
            {**fine, "Due": "2999-01-01"},
            {**fine, "Principle": "Free beer"},
        )
    )
    said = " | ".join(sentences(run))
    for words in (
        "capital letters, a dash and a number", "The theme is one of: Internal", "needs a title",
        "before its start on 3 May 2026", "not a day in the calendar", "not one of: Not started",
        "Only a complete action", "lies ahead", "no organisation called “Nobody Ltd”",
        "name@example.org", "GO-01 waits for GO-02, and GO-02 waits for GO-01",
        "no action GO-99", "is not a milestone", "holds a formula", "too far away",
        "principles of the Charter",
    ):  # fmt: skip
        assert words in said, words
    assert run.rejected == 16 and run.created == run.changed == 0


def test_the_same_reference_twice_is_refused():
    fine = {"Theme": "Governance", "Title": "T", "Reference": "GO-05"}
    make_theme()
    assert "stands in row 2 too" in " ".join(sentences(planned(table(fine, fine))))


def test_a_plan_that_changed_after_the_check_is_not_written_over():
    action = make_action(title="Ask")
    run = planned(table({"Reference": action.reference, "Theme": "Governance", "Title": "New"}))
    change_action(
        action=action, changes={"title": "Mine"}, expected_version=1, by=None, now=NOW, today=TODAY
    )
    with pytest.raises(PlanIsStale):
        apply_run(run=run, only_valid=False, by=make_user(), now=NOW)
    assert Action.objects.get(pk=action.pk).title == "Mine"


def test_the_page_gives_members_the_whole_format_and_the_public_less(client):
    make_action(lead_name="Somebody Invented", lead_email="lead@example.org", title="Ask")
    make_action(is_public=False, title="Secret")
    address = f"{reverse('action-list')}?format=csv"
    public = b"".join(client.get(address).streaming_content).decode()
    assert "Ask" in public and "Somebody" not in public and "Secret" not in public
    client.force_login(make_user("steering_member"))
    whole = b"".join(client.get(address).streaming_content)
    assert "Somebody Invented" in whole.decode() and "Secret" in whole.decode()
    run = planned(whole, now=timezone.now())
    assert (run.changed, run.rejected, run.unchanged) == (0, 0, 2)
    assert ImportRun.objects.count() == 1


def test_a_line_of_a_milestone_is_read_strictly():
    assert steps_of("2026-06-30 [open] A\n\n2026-07-01 [2026-07-02] [open] B") == [
        (datetime.date(2026, 6, 30), None, "A"),
        (datetime.date(2026, 7, 1), datetime.date(2026, 7, 2), "[open] B"),
    ]
    for bad in ("2026-06-30 A", "2026-13-01 [open] A", "2026-06-30 [open] A\n2026-06-30 [open] A"):
        with pytest.raises(ValueError, match="milestone"):
            steps_of(bad)
