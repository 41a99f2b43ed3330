"""Publishing a report, and correcting one: what it will say, what is in the way, check, publish."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse

from trafford_sv.core.queueing import hand_over

from ..datasets import figure_words, problems
from ..editions import EditionKind, Period
from ..forms.editions import PublishForm
from ..models import ReportEdition
from ..services.editions import (
    NotPublishable,
    draft_of,
    next_number,
    publish_edition,
    what_stands_in_the_way,
)
from ..tasks import draw_edition
from .editions import SaysWhatIsMissing, asked_kind, asked_period, crumbs


class PublishEdition(SaysWhatIsMissing):
    """Edition 1, or a correction of what is published already."""

    permission = "publish_reports"

    def get(self, request: HttpRequest, kind: str, period: str) -> HttpResponse:
        held, when = self.asked(kind, period)
        return self.page(held, when, PublishForm(number=next_number(kind, when)))

    def post(self, request: HttpRequest, kind: str, period: str) -> HttpResponseBase:
        held, when = self.asked(kind, period)
        number = next_number(kind, when)
        if quicker := self.published_meanwhile(held, when, number):
            return quicker
        form = PublishForm(request.POST, number=number)
        if not form.is_valid() or request.POST.get("step") == "change":
            return self.page(held, when, form)
        if request.POST.get("step") != "publish":
            return self.check_answers(held, when, form)
        try:
            edition = publish_edition(
                kind=kind,
                period=when,
                number=form.cleaned_data["number"],
                what_changed=form.cleaned_data.get("what_changed", ""),
                by=request.user,
                now=self.now,
            )
        except NotPublishable as error:
            form.add_error(None, error.messages)
            return self.page(held, when, form)
        hand_over(draw_edition, edition.pk)  # the schedule draws what the queue did not take
        messages.success(
            request, f"Edition {edition.number} is published. Its files are there in a few minutes."
        )
        return redirect(edition)

    def published_meanwhile(
        self, held: EditionKind, when: Period, number: int
    ) -> HttpResponseBase | None:
        """To the edition that a colleague published since the page was opened; nothing is published."""
        shown = self.request.POST.get("number", "")
        if self.request.POST.get("what_changed"):
            return None  # the form keeps the words and says the same
        if shown == str(number) or not shown.isascii() or not shown.isdecimal():
            return None
        taken = (
            ReportEdition.objects.of_period(held.key, when).filter(number=int(shown[:4])).first()
        )
        if taken is None:
            return None
        messages.warning(
            self.request,
            f"{taken.published_by_name or 'Somebody else'} published edition {taken.number} after you opened the page, so yours was "
            "not published. Read it before you correct it.",
        )
        return redirect(taken)

    def asked(self, kind: str, period: str) -> tuple[EditionKind, Period]:
        held = asked_kind(kind)
        return held, asked_period(held, period)

    def context(self, held: EditionKind, when: Period, title: str) -> dict[str, Any]:
        code = self.kwargs["period"]
        return {
            "title": title,
            "kind": held,
            "when": when,
            "draft_address": reverse("edition-draft", args=[held.key, code]),
            "breadcrumbs": crumbs(
                (
                    f"Draft: {held.name}, {when.label}",
                    reverse("edition-draft", args=[held.key, code]),
                ),
                ("Publish", None),
            ),
        }

    def page(self, held: EditionKind, when: Period, form: PublishForm) -> HttpResponse:
        number = next_number(held.key, when)
        draft = draft_of(held.key, when, now=self.now)
        name = f"{held.noun} of {when.label}"
        title = f"Correct the {name}" if number > 1 else f"Publish the {name}"
        in_the_way = [*what_stands_in_the_way(held.key, when), *problems(draft)]
        if self.today <= when.end:
            in_the_way.insert(0, f"{when.label} ends on {when.end:%-d %B %Y}.")
        context = {
            **self.context(held, when, title),
            "form": form,
            "number": number,
            "in_the_way": in_the_way,
            "figures": len(draft.figures),
            "is_public": held.is_public,
        }
        return render(self.request, "reporting/edition_publish.html", context)

    def check_answers(self, held: EditionKind, when: Period, form: PublishForm) -> HttpResponse:
        draft = draft_of(held.key, when, now=self.now)
        context = {
            **self.context(held, when, f"Check before you publish edition {form.cleaned_data['number']}"),
            "said": form.cleaned_data,
            "is_public": held.is_public,
            "figures": len(draft.figures),
            "headlines": [
                (draft.by_id[key].label, figure_words(draft.by_id[key])) for key in draft.headlines
            ],
            "carried": [
                (name, form.cleaned_data[name]) for name in ("number", "what_changed") if name in form.fields
            ],
        }  # fmt: skip
        return render(self.request, "reporting/edition_publish_check.html", context)
