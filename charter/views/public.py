"""The charter for anybody to read: in force, earlier versions, side by side, and as PDF."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse

from trafford_sv.core.access import can
from trafford_sv.core.parts import Tag, Tone
from trafford_sv.core.views.drawn import DrawnPdf, Wanted, wanted_document
from trafford_sv.core.views_base import PublicView

from ..models import CaseStudy, CharterVersion
from ..selectors.comparison import compare_versions, neighbour_before
from ..selectors.uptake import standing_on
from ..selectors.versions import charter_text, version_in_force
from ..texts import CharterText

Status = CharterVersion.Status
TONES = {
    Status.DRAFT: Tone.NEUTRAL,
    Status.COMING: Tone.INFO,
    Status.IN_FORCE: Tone.GOOD,
    Status.SUPERSEDED: Tone.NEUTRAL,
}
WORDS = {
    Status.DRAFT: "Draft",
    Status.COMING: "Not yet in force",
    Status.IN_FORCE: "In force",
    Status.SUPERSEDED: "Superseded",
}


def status_tag(status: str) -> Tag:
    return Tag(WORDS[Status(status)], TONES[Status(status)])


def version_of(request: HttpRequest, number: int) -> CharterVersion:
    """A version this person may read, with its end. Raises Http404."""
    return get_object_or_404(
        CharterVersion.objects.visible_to(request.user).with_end(), number=number
    )


class CharterPage(PublicView):
    """The version in force today."""

    def get(self, request: HttpRequest) -> HttpResponse:
        version = version_in_force(self.today)
        if version is None:
            return render(request, "charter/charter_none.html", {"title": "The charter"})
        stories = CaseStudy.objects.published().select_related("principle")[:3]
        context = {
            "title": version.title,
            "charter": charter_text(version, self.today),
            "standing": standing_on(self.today),
            "stories": list(stories),
            "may_change": can(request.user, "change_charter"),
        }
        return render(request, "charter/charter.html", context)


class VersionList(PublicView):
    def get(self, request: HttpRequest) -> HttpResponse:
        rows = list(CharterVersion.objects.visible_to(request.user).with_end())
        may_change = can(request.user, "change_charter")
        drafts = [row for row in rows if row.state == CharterVersion.State.DRAFT]
        approved = [row for row in rows if row.state == CharterVersion.State.APPROVED]
        context = {
            "title": "Versions of the charter",
            "versions": [(row, status_tag(row.status_on(self.today))) for row in rows],
            "may_compare": len(approved) > 1,
            "choices": rows,
            "may_start": may_change and not drafts,
            "breadcrumbs": [("The charter", reverse("charter")), ("Versions", None)],
        }
        return render(request, "charter/version_list.html", context)


class VersionPage(PublicView):
    def get(self, request: HttpRequest, number: int) -> HttpResponse:
        version = version_of(request, number)
        before = neighbour_before(version)
        may_change = can(request.user, "change_charter")
        context = {
            "title": f"{version.title}, version {version.number}",
            "version": version,
            "charter": charter_text(version, self.today),
            "tag": status_tag(version.status_on(self.today)),
            "before": before,
            "may_edit": may_change and version.state == CharterVersion.State.DRAFT,
            "may_correct": may_change and version.state == CharterVersion.State.APPROVED,
            "may_take_back": may_change and version.status_on(self.today) == Status.COMING,
            "breadcrumbs": version_crumbs(version, ""),
        }
        return render(request, "charter/version_detail.html", context)


def version_crumbs(version: CharterVersion, here: str) -> list[tuple[str, str | None]]:
    crumbs: list[tuple[str, str | None]] = [
        ("The charter", reverse("charter")),
        ("Versions", reverse("charter-version-list")),
    ]
    if not here:
        return [*crumbs, (f"Version {version.number}", None)]
    return [*crumbs, (f"Version {version.number}", version.get_absolute_url()), (here, None)]


class Compare(PublicView):
    """Two versions side by side; which ones is in the address, so that it can be sent on."""

    def get(self, request: HttpRequest) -> HttpResponse:
        versions = list(CharterVersion.objects.visible_to(request.user).with_end())
        by_number = {str(version.number): version for version in versions}
        newest = versions[0] if versions else None
        after = by_number.get(request.GET.get("to", ""), newest)
        if after is None:
            raise Http404
        earlier = [version for version in versions if version.number < after.number]
        before = by_number.get(request.GET.get("from", ""), earlier[0] if earlier else after)
        shown = compare_versions(before, after, self.today)
        everything = request.GET.get("show") == "all"
        context = {
            "title": f"Versions {before.number} and {after.number} side by side",
            "shown": shown,
            "parts": shown.parts if everything else shown.changed,
            "everything": everything,
            "versions": versions,
            "breadcrumbs": [
                ("The charter", reverse("charter")),
                ("Versions", reverse("charter-version-list")),
                ("Side by side", None),
            ],
        }
        return render(request, "charter/compare.html", context)


class CharterPdf(DrawnPdf, PublicView):
    """The version in force, as a document."""

    def wanted(self, request: HttpRequest) -> Wanted:
        version = version_in_force(self.today)
        if version is None:
            raise Http404
        return charter_pdf(charter_text(version, self.today), reverse("charter"))


class VersionPdf(DrawnPdf, PublicView):
    def wanted(self, request: HttpRequest, number: int) -> Wanted:
        version = version_of(request, number)
        address = reverse("charter-version-detail", args=[number])
        return charter_pdf(charter_text(version, self.today), address)


def charter_pdf(charter: CharterText, address: str) -> Wanted:
    return wanted_document(
        template="charter/pdf/charter.html", context=pdf_context(charter),
        name=f"{charter.title} version {charter.number}", back=("the charter", address),
    )  # fmt: skip


def pdf_context(charter: CharterText) -> dict[str, Any]:
    """All that the document needs; nothing in it asks the database."""
    return {
        "title": charter.title,
        "kicker": f"Version {charter.number}",
        "charter": charter,
        "has_cover": True,
    }
