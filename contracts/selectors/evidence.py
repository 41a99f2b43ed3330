"""One evidence file with the lines it serves, as far as a person may see them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet

from ..models import EvidenceFile, EvidenceLink, ReturnLine


@dataclass(frozen=True)
class EvidenceDetail:
    """`hidden` lines are in agreements that this person cannot see: a number and no more."""

    row: EvidenceFile
    lines: tuple[ReturnLine, ...]
    hidden: int


def evidence_detail(pk: Any, user: Any) -> EvidenceDetail:
    """Raises EvidenceFile.DoesNotExist where this person may not know of it."""
    row = EvidenceFile.objects.visible_to(user).select_related("supplier").get(pk=pk)
    lines = tuple(
        ReturnLine.objects.visible_to(user)
        .filter(Exists(EvidenceLink.objects.filter(line=OuterRef("pk"), file=pk)))
        .select_related("delivery_return__contract", "commitment__measure")
        .order_by("delivery_return__contract__reference", "delivery_return_id", "number")
    )
    return EvidenceDetail(row, lines, row.links.count() - len(lines))


def files_of_line(line: ReturnLine) -> QuerySet[EvidenceFile]:
    """In the order in which they were put to the line."""
    return line.evidence.order_by("links__linked_at", "links__pk")


def files_for_another_line(line: ReturnLine, most: int = 50) -> list[EvidenceFile]:
    """What the supplier has sent already and this line does not have, the latest first."""
    here = EvidenceLink.objects.filter(line=line, file=OuterRef("pk"))
    return list(
        EvidenceFile.objects.filter(
            ~Exists(here), supplier=line.delivery_return.supplier_id, deleted_at=None
        ).order_by("-uploaded_at", "pk")[:most]
    )
