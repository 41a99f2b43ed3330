"""The commitments and needs of a case study: shown on its page, linked by officers."""

from __future__ import annotations

import datetime
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse

from charter.models import CaseStudy
from trafford_sv.core.access import can
from trafford_sv.core.views_base import EditMixin, PermissionView
from trafford_sv.directory.sections import Section

from ..forms.story_links import StoryLinkForm
from ..models import StoryLink
from ..selectors.story_links import story_lines
from ..services.story_links import link_story, unlink_story


def story_section(case_study: CaseStudy, user: Any, today: datetime.date) -> Section | None:
    """Two queries. For officers also the way to link more."""
    lines = story_lines(case_study, user)
    link = (
        reverse("case-study-links", kwargs={"key": case_study.key})
        if can(user, "keep_adoptions")
        else ""
    )
    if not lines and not link:
        return None
    return Section(
        "tells-of", "What it tells of", "contracts/_story_links.html",
        {"lines": lines, "link": link},
    )  # fmt: skip


class CaseStudyLinks(EditMixin, PermissionView):
    permission = "keep_adoptions"

    def story(self, key: str) -> CaseStudy:
        return get_object_or_404(CaseStudy.objects.visible_to(self.request.user), key=key)

    def get(self, request: HttpRequest, key: str) -> HttpResponse:
        return self.page(self.story(key), StoryLinkForm(user=request.user))

    def post(self, request: HttpRequest, key: str) -> HttpResponseBase:
        row = self.story(key)
        form = StoryLinkForm(request.POST, user=request.user)
        if not form.is_valid():
            return self.page(row, form)
        try:
            with transaction.atomic():
                for name in ("need", "commitment"):
                    if form.cleaned_data[name]:
                        link_story(
                            case_study=row,
                            by=request.user,
                            now=self.now,
                            **{name: form.cleaned_data[name]},
                        )
        except ValidationError as error:
            self.add_errors(form, ValidationError(error.messages))
            return self.page(row, form)
        messages.success(request, "It is linked.")
        return redirect("case-study-links", key)

    def page(self, row: CaseStudy, form: StoryLinkForm) -> HttpResponse:
        context = {
            "title": "Link commitments and needs",
            "row": row,
            "form": form,
            "lines": story_lines(row, self.request.user),
            "breadcrumbs": [
                ("The charter", reverse("charter")),
                ("Case studies", reverse("case-study-list")),
                (row.title, row.get_absolute_url()),
                ("Links", None),
            ],
        }
        return render(self.request, "contracts/story_links.html", context)


class CaseStudyUnlink(PermissionView):
    """One button; what it took away can be linked again on the page it leads back to."""

    permission = "keep_adoptions"

    def link(self, pk: int) -> StoryLink:
        return get_object_or_404(
            StoryLink.objects.filter(
                case_study__in=CaseStudy.objects.visible_to(self.request.user)
            ).select_related("case_study"),
            pk=pk,
        )

    def get(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        return redirect("case-study-links", self.link(pk).case_study.key)

    def post(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        link = self.link(pk)
        try:
            unlink_story(link=link, by=request.user, now=self.now)
            messages.success(request, "The link is removed. You can make it again below.")
        except ValidationError as error:
            messages.warning(request, " ".join(error.messages))
        return redirect("case-study-links", link.case_study.key)
