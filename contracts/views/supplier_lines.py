"""One line of a return: all of its details, its share of an activity, taking it off."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render

from trafford_sv.core.services.records import Collision

from ..forms.returns import LineForm, ShareForm
from ..models import ReturnLine
from ..return_rules import line_is_editable
from ..selectors.return_detail import line_detail, months_before
from ..services.returns import (
    claim_share,
    release_share,
    remove_line,
    save_line,
    start_activity,
)
from ..services.returns.line_values import fields_for
from .supplier_base import SupplierView, address

CHANGED_MEANWHILE = (
    "Somebody changed this line after you opened this page. Look at it again, then decide."
)


class LineView(SupplierView):
    def context(self, line: ReturnLine, here: str) -> dict[str, Any]:
        row = line.delivery_return
        return {
            "title": f"Line {line.number}" if here == "Details" else here,
            "breadcrumbs": self.crumbs(row, f"Line {line.number}: {here.lower()}"),
            "line": line,
            "row": row,
            "commitment": line.commitment,
            "measure": line.commitment.measure,
        }

    def locked(self, line: ReturnLine) -> HttpResponseBase | None:
        """Back to the return where the line was sent and can only be read."""
        if line_is_editable(line.delivery_return.state, line.state):
            return None
        messages.info(self.request, f"Line {line.number} was sent, so it can only be read.")
        return redirect("supplier-return", line.delivery_return_id)


class LineEdit(LineView):
    def get(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        line = self.line(pk)
        return self.locked(line) or self.page(line, LineForm(line=line))

    def post(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        line = self.line(pk)
        form = LineForm(self.posted(), line=self.line(pk))
        if not form.is_valid():
            return self.page(line, form)
        try:
            save_line(
                line=line,
                changes=form.changes(),
                expected_version=form.expected_version,
                by=request.user,
                now=self.now,
            )
        except Collision as collision:
            stored = self.line(pk)
            collision.stored = stored
            return self.show_collision(form, LineForm(line=stored), collision)
        except ValidationError as error:
            self.add_errors(form, error)
            return self.page(line, form)
        if request.POST.get("then") == "files" and (url := address("supplier-line-files", pk=pk)):
            return redirect(url)
        messages.success(request, f"Line {line.number} is saved. Nothing is sent yet.")
        return redirect("supplier-return", line.delivery_return_id)

    def page(self, line: ReturnLine, form: LineForm) -> HttpResponse:
        before = months_before(line.delivery_return, [line.commitment])
        detail = line_detail(
            line, months_counted_before=before.get((line.commitment_id, line.happened_on))
        )
        context = self.context(line, "Details") | {
            "form": form,
            "detail": detail,
            "quantities": [form[name] for name in fields_for(line.commitment.measure.counting)],
            "files_url": address("supplier-line-files", pk=line.pk),
        }
        return render(self.request, "contracts/supplier_line.html", context)


class LineRemove(LineView):
    def get(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        line = self.line(pk)
        return self.locked(line) or self.page(line)

    def post(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        line = self.line(pk)
        try:
            remove_line(
                line=line,
                expected_version=_version(request.POST.get("version", "")),
                by=request.user,
                now=self.now,
            )
        except Collision:
            return self.page(self.line(pk), CHANGED_MEANWHILE, 409)
        except ValidationError as error:
            return self.page(line, " ".join(error.messages))
        messages.success(request, f"Line {line.number} is taken off.")
        return redirect("supplier-return", line.delivery_return_id)

    def page(self, line: ReturnLine, problem: str = "", status: int = 200) -> HttpResponse:
        context = self.context(line, "Take this line off")
        context |= {"problem": problem, "has_errors": bool(problem)}
        return render(self.request, "contracts/supplier_line_remove.html", context, status=status)


class LineShare(LineView):
    """One activity for several agreements: this line's share of it."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        line = self.line(pk)
        return self.locked(line) or self.page(line, self.form(line))

    def form(self, line: ReturnLine) -> ShareForm:
        claim = getattr(line, "claim", None)
        return ShareForm(
            initial={
                "version": line.version,
                "code": claim.activity.code if claim else "",
                "share": line.attribution_share if claim else None,
            }
        )

    def post(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        line = self.line(pk)
        if "release" in request.POST:
            return self.release(line)
        form = ShareForm(request.POST)
        if not form.is_valid():
            return self.page(line, form)
        try:
            self.claim(line, form.cleaned_data)
        except Collision:
            form.add_error(None, CHANGED_MEANWHILE)
            return self.page(self.line(pk), form, 409)
        except ValidationError as error:
            self.add_errors(form, error)
            return self.page(line, form)
        return redirect("supplier-line-share", pk)

    def claim(self, line: ReturnLine, values: dict[str, Any]) -> None:
        code, share = values["code"], values["share"]
        with transaction.atomic():
            self.begin_and_claim(line, code, share, values)

    def begin_and_claim(
        self, line: ReturnLine, code: str, share: Decimal, values: dict[str, Any]
    ) -> None:
        """A new activity stays only if its first share could be claimed."""
        if not code:
            if not share.is_finite() or not 0 < share <= 1:
                raise ValidationError({"share": "Give a share above 0% and up to 100%."})
            activity = start_activity(
                title=values["title"],
                happened_on=line.happened_on,
                by=self.request.user,
                now=self.now,
            )
            code = activity.code
        claim_share(
            line=line,
            code=code,
            share=share,
            expected_version=values["version"],
            by=self.request.user,
            now=self.now,
        )
        messages.success(self.request, f"The share is claimed. The activity’s code is {code}.")

    def release(self, line: ReturnLine) -> HttpResponseBase:
        try:
            release_share(
                line=line,
                expected_version=_version(self.request.POST.get("version", "")),
                by=self.request.user,
                now=self.now,
            )
        except Collision:
            form = self.form(self.line(line.pk))
            return self.page(self.line(line.pk), form, 409, CHANGED_MEANWHILE)
        messages.success(self.request, "The share is given back.")
        return redirect("supplier-return", line.delivery_return_id)

    def page(
        self, line: ReturnLine, form: ShareForm, status: int = 200, problem: str = ""
    ) -> HttpResponse:
        context = self.context(line, "Share an activity")
        context |= {
            "form": form,
            "claim": getattr(line, "claim", None),
            "problem": problem,
            "has_errors": bool(form.errors or problem),
            "whole": line.attribution_share == Decimal(1),
        }
        return render(self.request, "contracts/supplier_line_share.html", context, status=status)


def _version(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else -1
