"""Adopters, pledges and case studies for programs: what is public, and nothing of persons."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import QuerySet
from django.urls import path
from rest_framework import serializers

from trafford_sv.core.api.columns import (
    Column,
    Row,
    choice,
    date,
    quantity,
    serializer_of,
    text,
    text_of,
    whole,
    yes_no,
)
from trafford_sv.core.api.views import DetailView, ListView

from ..filters import AdoptionFilter, CaseStudyFilter, PledgeFilter
from ..models import Adoption, CaseStudy, Pledge
from ..uptake import public_count


class _FromColumns(DetailView):
    """One row of a list, by the same columns."""

    permission = "use_api"
    columns: ClassVar[tuple[Column, ...]]

    def check(self, record: Any) -> None:
        """What `visible_to` lets through may be read."""

    def body(self, record: Any) -> dict[str, Any]:
        sources = [column.source for column in self.columns if column.source]
        row = type(record)._default_manager.filter(pk=record.pk).values(*sources).get()
        return {
            column.name: text_of(
                column.make(row) if column.make else row.get(column.source or column.name)
            )
            for column in self.columns
        }


ADOPTION: tuple[Column, ...] = (
    whole("id", "The key in addresses.", "pk"),
    whole("organisation_id", "Who adopted it."),
    text("organisation_name", "The name of who adopted it.", "organisation__name"),
    whole("charter_version", "The number of the version signed.", "charter_version__number"),
    date("adopted_on", "The day of signing.", null=False),
    text("signed_by_role", "The role of who signed; never a name."),
    text("lead_words", "What it takes the lead in; may be empty."),
    date("reaffirmed_on", "The day on which it last said again that it stands by the charter."),
    date("withdrawn_on", "Null while it stands."),
    yes_no("is_demo", "Invented, for showing the product."),
    whole("version", "Counts its edits."),
)
AdoptionSerializer = serializer_of("AdoptionSerializer", ADOPTION)


class Adoptions(ListView):
    """The public register, withdrawn adoptions included."""

    permission = "use_api"
    tag, noun, file_name = "charter", "adoptions", "adoptions"
    filterset_class = AdoptionFilter
    columns: ClassVar[tuple[Column, ...]] = ADOPTION

    def rows(self) -> QuerySet[Adoption]:
        return Adoption.objects.visible_to(self.request.user)


class AdoptionDetail(_FromColumns):
    """One adoption of the register."""

    tag, noun, one = "charter", "adoption", "an adoption"
    response_serializer = AdoptionSerializer
    columns = ADOPTION

    def rows(self) -> QuerySet[Adoption]:
        return Adoption.objects.visible_to(self.request.user)


PLEDGE: tuple[Column, ...] = (
    whole("id", "The key in addresses.", "pk"),
    whole("organisation_id", "Who promises it."),
    text("organisation_name", "The name of who promises it.", "organisation__name"),
    text("principle", "The key of the principle, the same in every version.", "principle__key"),
    text("initiative", "The key of the charter's initiative.", "initiative__key", null=True),
    text("title", "What is promised."),
    text("words", "In more words; may be empty."),
    choice("state", "How it stands. Only confirmed ones are confirmed.", Pledge.State.choices),
    text("unit", "What is counted; empty where nothing is."),
    quantity("promised_quantity", "How much is promised; null where it is not counted."),
    quantity("reported_quantity", "How much the organisation says it did."),
    quantity("confirmed_quantity", "How much those it was for confirmed; never above reported."),
    date("pledged_on", "The day it was made.", null=False),
    date("due", "The day by which it is due."),
    date("reported_on", "The day it was reported as done."),
    date("confirmed_on", "The day those it was for answered."),
    date("withdrawn_on", "The day it was withdrawn."),
    yes_no("is_demo", "Invented, for showing the product."),
    whole("version", "Counts its edits."),
)
PledgeSerializer = serializer_of("PledgeSerializer", PLEDGE)


class Pledges(ListView):
    """Promises outside contracts. They are in no total of contracts and have no pounds."""

    permission = "use_api"
    tag, noun, file_name = "charter", "pledges", "pledges"
    filterset_class = PledgeFilter
    columns: ClassVar[tuple[Column, ...]] = PLEDGE

    def rows(self) -> QuerySet[Pledge]:
        return Pledge.objects.visible_to(self.request.user)


class PledgeDetail(_FromColumns):
    """One pledge."""

    tag, noun, one = "charter", "pledge", "a pledge"
    response_serializer = PledgeSerializer
    columns = PLEDGE

    def rows(self) -> QuerySet[Pledge]:
        return Pledge.objects.visible_to(self.request.user)


def _people(row: Row) -> int | None:
    return public_count(row["people_helped"])


def _few(row: Row) -> bool:
    return row["people_helped"] is not None and public_count(row["people_helped"]) is None


CASE_STUDY: tuple[Column, ...] = (
    text("key", "The key in addresses."),
    text("title", "The title."),
    text("summary", "In one or two sentences."),
    text("story", "The whole story; an empty line begins a paragraph."),
    text("principle", "The key of the principle.", "principle__key", null=True),
    text("happened", "When it happened, in words.", "happened_words"),
    Column(
        "people_helped",
        serializers.IntegerField(
            allow_null=True,
            read_only=True,
            help_text="Null where nobody counted, and where it is 1 to 4: so few could be recognised.",
        ),
        "people_helped",
        make=_people,
    ),
    Column(
        "is_fewer_than_5",
        serializers.BooleanField(read_only=True, help_text="The number is 1 to 4 and left out."),
        make=_few,
    ),
    yes_no("is_at_least", "The number is at least that many."),
    choice("state", "Only published ones are public.", CaseStudy.State.choices),
    date("published_on", "The day of publication."),
    text("source", "Where it was told before; may be empty.", "source_title"),
    yes_no("is_demo", "Invented, for showing the product."),
    whole("version", "Counts its edits."),
)
CaseStudySerializer = serializer_of("CaseStudySerializer", CASE_STUDY)


class CaseStudies(ListView):
    """Published case studies, and drafts for whoever may read them."""

    permission = "use_api"
    tag, noun, file_name = "charter", "case_studies", "case-studies"
    filterset_class = CaseStudyFilter
    columns: ClassVar[tuple[Column, ...]] = CASE_STUDY

    def rows(self) -> QuerySet[CaseStudy]:
        return CaseStudy.objects.visible_to(self.request.user)


class CaseStudyDetail(_FromColumns):
    """One case study, by its key."""

    tag, noun, one = "charter", "case_study", "a case study"
    response_serializer = CaseStudySerializer
    columns = CASE_STUDY

    def find(self) -> dict[str, Any]:
        return {"key": self.kwargs["key"]}

    def rows(self) -> QuerySet[CaseStudy]:
        return CaseStudy.objects.visible_to(self.request.user)


urlpatterns = [
    path("adoptions/", Adoptions.as_view(), name="api-adoptions"),
    path("adoptions/<int:pk>/", AdoptionDetail.as_view(), name="api-adoption"),
    path("pledges/", Pledges.as_view(), name="api-pledges"),
    path("pledges/<int:pk>/", PledgeDetail.as_view(), name="api-pledge"),
    path("case-studies/", CaseStudies.as_view(), name="api-case-studies"),
    path("case-studies/<slug:key>/", CaseStudyDetail.as_view(), name="api-case-study"),
]
