"""Bases that every page's view builds on: permission first, clock at the door."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS, PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseBase, QueryDict
from django.shortcuts import render
from django.utils import timezone
from django.views.generic import View

from .access import can
from .collisions import collision_page, merged
from .services.records import Collision


class PermissionView(View):
    """Set `permission`. A view with a record must also call `self.check(record)`."""

    permission: str = ""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not self.permission:
            raise NotImplementedError(f"{type(self).__name__} names no permission.")
        if not can(request.user, self.permission):
            raise PermissionDenied
        self.now = timezone.now()
        self.today = timezone.localdate()
        request.today = self.today  # type: ignore[attr-defined]  # for filters that count days
        return super().dispatch(request, *args, **kwargs)

    def check(self, record: Any, permission: str = "") -> None:
        """Refuse unless this person may do it to this record."""
        if not can(self.request.user, permission or self.permission, on=record):
            raise PermissionDenied


class PublicView(View):
    """A page for anyone."""

    is_public = True

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        self.now = timezone.now()
        self.today = timezone.localdate()
        request.today = self.today  # type: ignore[attr-defined]  # for filters that count days
        return super().dispatch(request, *args, **kwargs)


class EditMixin:
    """For a view that edits a versioned record: the collision page and the model's own errors.

    The form carries the record's `version` as a hidden field (see `core.forms.VersionedForm`,
    or `VersionedModelForm`). Where two people save at once, the second sees both versions,
    chooses field by field and saves, with or without JavaScript. Nothing typed is lost.

        class ContractEdit(EditMixin, PermissionView):
            permission = "change_contracts"

            def get(self, request, pk):
                contract = self.record(pk)                      # visible_to + self.check(...)
                return self.page(ContractForm(instance=contract))

            def post(self, request, pk):
                contract = self.record(pk)
                form = ContractForm(self.posted(), instance=self.record(pk))
                if not form.is_valid():
                    return self.page(form)
                try:
                    update_record(record=contract, changes=form.changes(),
                                  expected_version=form.expected_version,
                                  by=request.user, now=self.now)
                except Collision as collision:
                    stored = ContractForm(instance=collision.stored)
                    return self.show_collision(form, stored, collision)
                except ValidationError as error:
                    self.add_errors(form, error)
                    return self.page(form)
                return redirect(contract)

    A field takes part when its name is both in the form and among the attempted changes.
    """

    request: HttpRequest

    def posted(self) -> QueryDict:
        """`request.POST` with the choices of a collision page put in place. Bind the form to it."""
        return merged(self.request.POST)

    def show_collision(
        self, form: forms.BaseForm, stored_form: forms.BaseForm, collision: Collision
    ) -> HttpResponse:
        """The page that shows both versions, with status 409. It posts to the same address."""
        page = collision_page(form=form, stored_form=stored_form, collision=collision)
        return render(
            self.request,
            "core/collision.html",
            {"page": page, "record": collision.stored, "action": self.request.get_full_path()},
            status=409,
        )

    @staticmethod
    def add_errors(form: forms.BaseForm, error: ValidationError) -> None:
        """A service's ValidationError onto the form; what belongs to no field of it, on top."""
        for name, messages in _messages(error).items():
            form.add_error(name if name in form.fields else None, messages)


def _messages(error: ValidationError) -> dict[str, list[str]]:
    return (
        error.message_dict if hasattr(error, "error_dict") else {NON_FIELD_ERRORS: error.messages}
    )
