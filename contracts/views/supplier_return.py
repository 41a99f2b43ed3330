"""One return: filling it in, checking it, sending it, and what became of it."""

from __future__ import annotations

import datetime
import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseBase, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse

from trafford_sv.core.access import can
from trafford_sv.core.parts import Tag, TimelineEntry
from trafford_sv.core.services.records import Collision

from ..counting import CountingRule, quantity_words
from ..due_dates import due_sentence, due_words, sent_words
from ..forms.returns import DeclarationForm, ReturnForm
from ..licensing import WITHHELD, may_show_value
from ..models import DeliveryReturn, ReturnLine
from ..selectors.return_detail import LineDetail, PromiseDetail, ReturnDetail
from ..services.returns import (
    LinesChanged,
    add_line,
    answers_to_give,
    save_draft,
    submit_return,
    withdraw_return,
)
from .line_collisions import lines_collision
from .supplier_base import SupplierView, address, line_tag, return_tag

LINES_ON_A_PAGE = 40
_LINE_VERSION = re.compile(r"line-([0-9]{1,18})-version")


@dataclass(frozen=True)
class LineCard:
    line: LineDetail
    fields: dict[str, Any]
    tag: Tag | None
    may_remove: bool
    pounds_withheld: str


@dataclass(frozen=True)
class PromiseCard:
    promise: PromiseDetail
    sentence: str
    lines: Sequence[LineCard]


class ReturnPage(SupplierView):
    """Fill in what can be filled in, and read the rest."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        detail = self.detail(pk)
        return self.page(detail, self.form(detail, None))

    def post(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        detail = self.detail(pk)
        form = self.form(detail, self.posted())
        if not form.is_valid():
            return self.page(detail, form)
        try:
            save_draft(
                delivery_return=detail.row,
                changes=form.changes(),
                expected_version=form.expected_version,
                lines=form.line_changes(),
                by=request.user,
                now=self.now,
            )
        except LinesChanged as changed:
            return self.collided(detail, form, changed.collisions)
        except ValidationError as error:
            self.add_errors(form, error)
            return self.page(self.detail(pk), form)
        return self.follow(detail, request.POST.get("then", ""))

    def form(self, detail: ReturnDetail, data: QueryDict | None) -> ReturnForm:
        """For the lines on this page; when something was posted, for the lines that were."""
        if data is None:
            return ReturnForm(detail=detail, lines=self.on_page(detail).object_list)
        posted = {int(match[1]) for key in data if (match := _LINE_VERSION.fullmatch(key))}
        return ReturnForm(
            data, detail=detail, lines=[line for line in detail.lines if line.pk in posted]
        )

    def on_page(self, detail: ReturnDetail) -> Any:
        editable = [line for line in detail.lines if line.is_editable]
        return Paginator(editable, LINES_ON_A_PAGE).get_page(self.request.GET.get("page"))

    def follow(self, detail: ReturnDetail, then: str) -> HttpResponseBase:
        """Saved; go where the button said."""
        action, _, key = then.partition("-")
        number = int(key) if key.isascii() and key.isdigit() and len(key) < 18 else 0
        lines = {line.pk for line in detail.lines}
        if action == "add":
            return self.add(detail, number)
        if action == "check":
            return redirect("supplier-return-check", detail.pk)
        pages = {
            "line": "supplier-line-edit",
            "files": "supplier-line-files",
            "share": "supplier-line-share",
            "remove": "supplier-line-remove",
        }
        if action in pages and number in lines and (url := address(pages[action], pk=number)):
            return redirect(url)
        messages.success(self.request, "Your draft is saved. Nothing is sent yet.")
        return redirect(self.request.get_full_path())

    def add(self, detail: ReturnDetail, commitment: int) -> HttpResponseBase:
        here = reverse("supplier-return", args=[detail.pk])
        found = next((each for each in detail.promises if each.pk == commitment), None)
        if found is None:
            return redirect(here)
        try:
            line = add_line(
                delivery_return=detail.row, commitment=found.row, by=self.request.user, now=self.now
            )
        except ValidationError as error:
            messages.error(self.request, " ".join(error.messages))
            return redirect(here)
        messages.success(self.request, f"Line {line.number} is added.")
        return redirect("supplier-line-edit", line.pk)

    def collided(
        self, detail: ReturnDetail, form: ReturnForm, collisions: tuple[Collision, ...]
    ) -> HttpResponse:
        fresh = self.detail(detail.pk)
        stored = ReturnForm(
            detail=fresh, lines=[line for line in fresh.lines if line.pk in form.bound_lines()]
        )
        page = lines_collision(form, stored, collisions)
        context = {"page": page, "record": detail.row, "action": self.request.get_full_path()}
        return render(self.request, "core/collision.html", context, status=409)

    def page(self, detail: ReturnDetail, form: ReturnForm) -> HttpResponse:
        row = detail.row
        on_page = self.on_page(detail)
        may_see = can(self.request.user, "see_licensed_values")
        editing = bool(form.lines) or detail.is_editable
        context = {
            "title": f"Return for {row.period.label}",
            "breadcrumbs": self.crumbs(row),
            "detail": detail,
            "row": row,
            "form": form,
            "has_errors": bool(form.errors),
            "tag": return_tag(row.state),
            "standing": standing(detail, self.today),
            "cards": cards(detail, form, may_see, on_page if form.data == {} else None),
            "editing": editing,
            "pages": on_page if on_page.paginator.num_pages > 1 else None,
            "may_take_back": row.state == DeliveryReturn.State.SUBMITTED
            and not any(line.row.state != ReturnLine.State.OPEN for line in detail.lines)
            and not any(line.confirmations for line in detail.lines),
            "timeline": timeline(detail),
            "workbook_url": address("supplier-return-workbook", pk=row.pk),
            "suppliers": len(self.suppliers),
        }
        return render(self.request, "contracts/supplier_return.html", context)


def standing(detail: ReturnDetail, today: datetime.date) -> str:
    """One sentence: where this return stands."""
    row = detail.row
    if row.state == DeliveryReturn.State.DRAFT:
        return f"Nothing is sent yet. {due_sentence(row.period, today)}"
    sent = row.submitted_at
    words = sent_words(row.period, row.first_submitted_at.date()) if row.first_submitted_at else ""
    said = {
        DeliveryReturn.State.SUBMITTED: "An officer will check it. You will see here what is accepted.",
        DeliveryReturn.State.SENT_BACK: "Change what was sent back, then send it again.",
        DeliveryReturn.State.PART_VERIFIED: "A part of it is verified; the rest is being checked.",
        DeliveryReturn.State.VERIFIED: "It is verified.",
    }[DeliveryReturn.State(row.state)]
    when = f"Sent on {sent:%-d %B %Y}, {words}. " if sent else ""
    late = detail.is_late_into
    counts = (
        f" {row.period.label} was closed, so it counts in {late.label}." if late is not None else ""
    )
    return f"{when}{said}{counts}"


def cards(
    detail: ReturnDetail, form: ReturnForm, may_see_licensed: bool, on_page: Any
) -> list[PromiseCard]:
    """Lines under their commitments. Of those that can be changed, the ones on this page."""
    bound = form.bound_lines()
    found = []
    several_pages = on_page is not None and on_page.paginator.num_pages > 1
    for promise in detail.promises:
        may_show = may_show_value(
            promise.measure.edition.values_may_be_published,
            may_see_licensed=may_see_licensed,
            outward=False,
        )
        shown_lines = [
            LineCard(
                line=line,
                fields=bound.get(line.pk, {}),
                tag=line_tag(line.row),
                may_remove=detail.is_editable
                and not line.row.is_counted
                and len(promise.lines) > 1,
                pounds_withheld="" if may_show else WITHHELD,
            )
            for line in promise.lines
            if line.pk in bound or not line.is_editable or not several_pages
        ]
        if shown_lines or (detail.is_editable and not several_pages):
            found.append(PromiseCard(promise, promise_sentence(promise), shown_lines))
    return found


def promise_sentence(promise: PromiseDetail) -> str:
    """What is planned, promised and delivered, in words."""
    unit = promise.measure.unit
    is_share = promise.rule == CountingRule.PERCENTAGE

    def amount(quantity: Decimal) -> str:
        return f"{quantity_words(quantity)}%" if is_share else quantity_words(quantity)

    promised = amount(promise.row.promised_quantity)
    if promise.due_quantity is None:
        said = f"Nothing is planned for this quarter. Promised in all: {promised}"
        said += "." if is_share else f" {unit}."
    elif is_share:
        said = f"Planned for this quarter: {amount(promise.due_quantity)}. Promised: {promised}."
    else:
        planned = amount(promise.due_quantity)
        said = f"Planned for this quarter: {planned} {unit}, of {promised} promised in all."
    if promise.delivered_quantity is not None:
        said += f" Reported in other quarters: {amount(promise.delivered_quantity)}"
        if promise.verified_quantity is not None:
            said += f", of which {amount(promise.verified_quantity)} verified"
        said += "."
    return said


def timeline(detail: ReturnDetail) -> list[TimelineEntry]:
    entries = []
    for event in detail.events:
        title = event.get_action_display()
        if event.line_number:
            title = f"Line {event.line_number}: {title[:1].lower()}{title[1:]}"
        if event.event_quantity is not None:
            title += f", {quantity_words(event.event_quantity)}"
        entries.append(TimelineEntry(title, event.at, event.actor_name, event.words))
    return list(reversed(entries))


class ReturnCheck(SupplierView):
    """Read it once more, declare, and send."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        detail = self.detail(pk)
        if not any(line.is_editable for line in detail.lines):
            return redirect("supplier-return", pk)
        return self.page(detail, DeclarationForm(initial={"fingerprint": detail.fingerprint}))

    def post(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        detail = self.detail(pk)
        form = DeclarationForm(request.POST)
        if not form.is_valid():
            return self.page(detail, form)
        try:
            row = submit_return(
                delivery_return=detail.row,
                declared_this_agreement=form.cleaned_data["declared_this_agreement"],
                declared_committed=form.cleaned_data["declared_committed"],
                expected_fingerprint=form.cleaned_data["fingerprint"] or "not seen",
                by=request.user,
                now=self.now,
            )
        except Collision:
            fresh = self.detail(pk)
            again = DeclarationForm(initial={"fingerprint": fresh.fingerprint})
            return self.page(fresh, again, changed_meanwhile=True)
        except ValidationError as error:
            self.declare(form, error)
            return self.page(detail, form)
        late = row.counted_in if row.counted_in != row.period else None
        counts = f" It counts in {late.label}." if late else ""
        messages.success(request, f"Your return is sent.{counts} Thank you.")
        return redirect("supplier-return", pk)

    @staticmethod
    def declare(form: DeclarationForm, error: ValidationError) -> None:
        """The declarations' own errors beside their boxes; the lines are listed above anyway."""
        found = error.message_dict if hasattr(error, "error_dict") else {"": error.messages}
        for name, sentences in found.items():
            if name in form.fields:
                form.add_error(name, sentences)
            elif not name.startswith("line-"):
                form.add_error(None, sentences)

    def page(
        self, detail: ReturnDetail, form: DeclarationForm, changed_meanwhile: bool = False
    ) -> HttpResponse:
        problems = answers_to_give(detail.row, [line.row for line in detail.lines], self.today)
        answers = []
        numbers = {line.pk: line.row.number for line in detail.lines}
        for name, sentences in problems.items():
            key, field = name.removeprefix("line-").split("-", 1)
            page = "supplier-line-files" if field == "files" else "supplier-line-edit"
            for sentence in sentences:
                if not sentence.startswith("Line "):
                    sentence = f"Line {numbers[int(key)]}: {sentence}"
                answers.append((sentence, address(page, pk=int(key))))
        context = {
            "title": "Check your return",
            "breadcrumbs": self.crumbs(detail.row, "Check"),
            "detail": detail,
            "row": detail.row,
            "form": form,
            "answers": answers,
            "blank": [line for line in detail.lines if not line.is_typed],
            "changed_meanwhile": changed_meanwhile,
            "due_words": due_words(detail.period, self.today),
            "has_errors": bool(form.errors),
        }
        return render(
            self.request,
            "contracts/supplier_return_check.html",
            context,
            status=409 if changed_meanwhile else 200,
        )


class ReturnTakeBack(SupplierView):
    """A page that asks, and a POST that does."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        detail = self.detail(pk)
        if detail.row.state != DeliveryReturn.State.SUBMITTED:
            return redirect("supplier-return", pk)
        return self.page(detail)

    def post(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        detail = self.detail(pk)
        version = request.POST.get("version", "")
        try:
            withdraw_return(
                delivery_return=detail.row,
                expected_version=int(version)
                if version.isascii() and version.isdigit() and len(version) < 10
                else -1,
                by=request.user,
                now=self.now,
            )
        except Collision:
            return self.page(
                self.detail(pk),
                "Somebody changed this return after you opened this page. Look at it again, then decide.",
                409,
            )
        except ValidationError as error:
            return self.page(detail, " ".join(error.messages))
        messages.success(request, "The return is a draft again. Remember to send it.")
        return redirect("supplier-return", pk)

    def page(self, detail: ReturnDetail, problem: str = "", status: int = 200) -> HttpResponse:
        context = {
            "title": "Take the return back",
            "breadcrumbs": self.crumbs(detail.row, "Take back"),
            "row": detail.row,
            "problem": problem,
            "has_errors": bool(problem),
        }
        return render(
            self.request, "contracts/supplier_return_take_back.html", context, status=status
        )
