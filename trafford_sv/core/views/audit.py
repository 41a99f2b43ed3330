"""Reading the audit log."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render

from ..exports import ExportColumn
from ..filters import AuditFilter
from ..lists import Column, ListPage, Sort
from ..models import AuditEvent
from ..parts import EmptyState
from ..selectors.audit import event_changes
from ..views_base import PermissionView


class AuditList(ListPage):
    """Who did what to which record, newest first."""

    permission = "view_audit"
    title = "Audit log"
    introduction = (
        "Everything that people and the system have done here, newest first. "
        "Nothing in this log can be changed or removed, and a check of the whole chain shows if anyone tried."
    )
    caption = "Audit events"
    noun = "event"
    filterset_class = AuditFilter
    sorts = {"at": Sort("Time", ("sequence",), up="oldest first", down="newest first")}
    default_sort = "-at"
    row_template = "core/audit_rows.html"
    columns = (
        Column("When", sort="at"),
        Column("Who"),
        Column("What"),
        Column("Record"),
    )
    export_columns = (
        ExportColumn("Event", "sequence"),
        ExportColumn("When", "at"),
        ExportColumn("Who", "actor_name"),
        ExportColumn("What was done", "verb"),
        ExportColumn("Kind of record", "subject_type"),
        ExportColumn("Record number", "subject_id"),
        ExportColumn("Record", "subject_name"),
        ExportColumn("Reason", "reason"),
        ExportColumn("Hash", "hash"),
    )
    export_name = "audit-log"
    empty_state = EmptyState(
        "Nothing has been done yet", "Each change that someone makes will be listed here."
    )

    def get_queryset(self) -> QuerySet[Any]:
        return AuditEvent.objects.all()


class AuditDetail(PermissionView):
    """One event with what it changed and its place in the chain."""

    permission = "view_audit"

    def get(self, request: HttpRequest, sequence: int) -> HttpResponse:
        event = get_object_or_404(AuditEvent, pk=sequence)
        return render(
            request, "core/audit_detail.html", {"event": event, "changes": event_changes(event)}
        )
