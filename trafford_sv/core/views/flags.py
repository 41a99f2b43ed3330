"""The work list of dirty values: what came in, what was understood, what is proposed."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse

from ..access import can
from ..exports import ExportColumn
from ..flags import FlagError, flag_handler
from ..lists import Column, ListPage, Sort
from ..models import DataFlag
from ..parts import EmptyState
from ..services.flags import decide_flag
from ..views_base import PermissionView


class FlagList(ListPage):
    permission = "view_imports"
    title = "Values that need a look"
    noun = "value"
    introduction = (
        "These came in from files and could not be taken as they were. "
        "Nothing is corrected until somebody says so."
    )
    row_template = "core/_flag_rows.html"
    columns = (
        Column("About", sort="about"),
        Column("What it says"),
        Column("Proposed", sort="proposed"),
        Column("Decide"),
    )
    sorts: ClassVar[dict[str, Sort]] = {
        "about": Sort("About", ("subject_name",)),
        "proposed": Sort("Proposed", ("proposal",), "none first", "with a proposal first"),
    }
    default_sort = "-proposed"
    export_columns = (
        ExportColumn("About", "subject_name"),
        ExportColumn("Field", "field"),
        ExportColumn("What it says", "raw"),
        ExportColumn("Understood", "understood"),
        ExportColumn("Proposed", "proposal"),
        ExportColumn("Why", "sentence"),
    )
    empty_state = EmptyState(
        "No value needs a look",
        "Values that a file spells in a way we cannot take are listed here.",
    )

    def get_queryset(self) -> QuerySet[DataFlag]:
        return DataFlag.objects.filter(state=DataFlag.State.OPEN)

    def get_context(self) -> dict[str, Any]:
        for flag in self.page.object_list:
            handler = flag_handler(flag.subject_type)
            flag.url = reverse(handler.url_name, args=[flag.subject_id]) if handler else ""
            flag.may_decide = handler is not None and can(self.request.user, handler.permission)
            flag.may_accept = bool(flag.may_decide and flag.proposal and handler and handler.accept)
        return {}


class FlagDecide(PermissionView):
    """Accept what is proposed, or leave the value as it is."""

    permission = "run_imports"

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        flag = get_object_or_404(DataFlag, pk=pk)
        handler = flag_handler(flag.subject_type)
        if handler is None or not can(request.user, handler.permission):
            raise PermissionDenied
        accept = request.POST.get("answer") == "accept"
        try:
            decide_flag(flag=flag, accept=accept, by=request.user, now=self.now)
        except FlagError as error:
            messages.error(request, str(error))
        else:
            done = f"{flag.proposal} is recorded" if accept else "It is left as it is"
            messages.success(request, f"{flag.subject_name}: {done}.")
        return redirect("flag-list")
