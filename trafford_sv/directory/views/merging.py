"""Merging two records of one organisation, and undoing it."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse

from trafford_sv.core.parts import Table

from ..forms.organisations import MergeChoiceForm, MergeForm
from ..models import Organisation, OrganisationMerge
from ..selectors.organisations import merge_candidates
from ..services.merging import MergeRefused, merge_organisations, preview_merge, undo_merge
from .organisations import OrganisationView, crumbs


class MergeView(OrganisationView):
    permission = "change_organisations"

    def current(self, pk: int) -> Organisation:
        organisation = self.record(pk)
        if organisation.merged_into_id:
            messages.warning(self.request, f"{organisation.name} was merged into another already.")
        return organisation


class MergeChoose(MergeView):
    """Step one: which other record is the same organisation?"""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        organisation = self.current(pk)
        if organisation.merged_into_id:
            return redirect("organisation-detail", organisation.merged_into_id)
        form = MergeChoiceForm(request.GET)
        text = form.data.get("q", "") if form.is_valid() else ""
        return render(
            request,
            "directory/merge_choose.html",
            {
                "title": f"Merge another record into {organisation.name}",
                "breadcrumbs": crumbs(
                    (organisation.name, reverse("organisation-detail", args=[pk])), ("Merge", None)
                ),
                "organisation": organisation,
                "form": form,
                "searched": text,
                "candidates": merge_candidates(organisation, request.user, text),
            },
        )


class MergeConfirm(MergeView):
    """Step two: what moves, why, and yes."""

    def get(self, request: HttpRequest, pk: int, other: int) -> HttpResponse:
        return self.show(self.current(pk), self.current(other), MergeForm())

    def post(self, request: HttpRequest, pk: int, other: int) -> HttpResponse:
        keep, absorb = self.current(pk), self.current(other)
        form = MergeForm(request.POST)
        if not form.is_valid():
            return self.show(keep, absorb, form)
        try:
            merge_organisations(
                keep=keep,
                absorb=absorb,
                by=request.user,
                now=self.now,
                reason=form.cleaned_data["reason"],
            )
        except MergeRefused as refused:
            form.add_error(None, str(refused))
            return self.show(keep, absorb, form)
        messages.success(
            request,
            f"{absorb.name} is now part of {keep.name}. You can undo this at the end of the page.",
        )
        return redirect("organisation-detail", keep.pk)

    def show(self, keep: Organisation, absorb: Organisation, form: MergeForm) -> HttpResponse:
        if keep.pk == absorb.pk or keep.merged_into_id or absorb.merged_into_id:
            return redirect("organisation-merge", keep.pk)
        moves = preview_merge(absorb=absorb)
        return render(
            self.request,
            "directory/merge_confirm.html",
            {
                "title": "Merge two records",
                "breadcrumbs": crumbs(
                    (keep.name, reverse("organisation-detail", args=[keep.pk])),
                    ("Merge", reverse("organisation-merge", args=[keep.pk])),
                    (absorb.name, None),
                ),
                "keep": keep,
                "absorb": absorb,
                "form": form,
                "side_by_side": _side_by_side(keep, absorb),
                "moves": Table(
                    caption="What moves",
                    headings=("Records", "Number"),
                    rows=[
                        (move.name[:1].upper() + move.name[1:], f"{move.rows:,}") for move in moves
                    ],
                    numeric=frozenset({1}),
                )
                if moves
                else None,
                "swap_url": reverse("organisation-merge-confirm", args=[absorb.pk, keep.pk]),
            },
        )


def _side_by_side(keep: Organisation, absorb: Organisation) -> Table:
    def facts(organisation: Organisation) -> tuple[str, ...]:
        return (
            organisation.name,
            ", ".join(str(row) for row in organisation.kinds.all()),
            ", ".join(str(row) for row in organisation.identifiers.all()),
            organisation.address,
            organisation.postcode,
            organisation.get_locality_display(),
            organisation.get_size_display(),
        )

    labels = ("Name", "What it is", "Numbers", "Address", "Postcode", "Where it is", "Size")
    return Table(
        caption="The two records side by side",
        headings=("Fact", "Kept", "Merged into it"),
        rows=[
            (label, kept or "Not known", absorbed or "Not known")
            for label, kept, absorbed in zip(labels, facts(keep), facts(absorb), strict=True)
        ],
    )


class MergeUndo(MergeView):
    """Two records again."""

    def get(self, request: HttpRequest, pk: int, merge: int) -> HttpResponse:
        keep, row = self.found(pk, merge)
        return self.show(keep, row)

    def post(self, request: HttpRequest, pk: int, merge: int) -> HttpResponse:
        keep, row = self.found(pk, merge)
        try:
            undo_merge(
                merge=row,
                by=request.user,
                now=self.now,
                reason=request.POST.get("reason", "")[:500],
            )
        except MergeRefused as refused:
            return self.show(keep, row, str(refused))
        messages.success(request, f"{row.absorbed.name} is its own record again.")
        return redirect("organisation-detail", row.absorbed_id)

    def found(self, pk: int, merge: int) -> tuple[Organisation, OrganisationMerge]:
        keep = self.record(pk)
        rows = OrganisationMerge.objects.select_related("absorbed")
        return keep, get_object_or_404(rows, pk=merge, kept=keep)

    def show(self, keep: Organisation, row: OrganisationMerge, problem: str = "") -> HttpResponse:
        return render(
            self.request,
            "directory/merge_undo.html",
            {
                "title": "Undo a merge",
                "breadcrumbs": crumbs(
                    (keep.name, reverse("organisation-detail", args=[keep.pk])),
                    ("Undo a merge", None),
                ),
                "keep": keep,
                "merge": row,
                "problem": problem,
            },
            status=409 if problem else 200,
        )
