"""An edition's own facts and licence."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse

from trafford_sv.core.services.records import Collision
from trafford_sv.core.views_base import EditMixin, PermissionView

from ..forms.measures import EditionForm
from ..models import MeasureEdition
from ..services.measures.editions import change_edition
from .measures import crumbs


class EditionEdit(EditMixin, PermissionView):
    permission = "change_measures"

    def get(self, request: HttpRequest, key: str) -> HttpResponse:
        return self.page(EditionForm(instance=self.record(key)))

    def post(self, request: HttpRequest, key: str) -> HttpResponseBase:
        edition = self.record(key)
        form = EditionForm(self.posted(), instance=self.record(key))
        if not form.is_valid():
            return self.page(form)
        try:
            change_edition(
                edition=edition,
                changes=form.changes(),
                expected_version=form.expected_version,
                licence_is_confirmed=form.cleaned_data["confirmed"],
                by=request.user,
                now=self.now,
            )
        except Collision as collision:
            return self.show_collision(form, EditionForm(instance=collision.stored), collision)
        except ValidationError as error:
            self.add_errors(form, error)
            return self.page(form)
        messages.success(request, "The edition is saved. Every page and export obeys it at once.")
        return redirect(edition)

    def record(self, key: str) -> MeasureEdition:
        edition: MeasureEdition = get_object_or_404(MeasureEdition, key=key)
        self.check(edition)
        return edition

    def page(self, form: EditionForm) -> HttpResponse:
        edition = form.instance
        context = {
            "title": "Edit the edition",
            "form": form,
            "edition": edition,
            "breadcrumbs": crumbs(
                ("Editions", reverse("measure-edition-list")),
                (edition.name, edition.get_absolute_url()),
                ("Edit", None),
            ),
        }
        return render(self.request, "contracts/measure_edition_form.html", context)
