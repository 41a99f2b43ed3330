"""What the supplier's pages share: whose records they are, and words for their states."""

from __future__ import annotations

from typing import Any

from django.http import Http404
from django.urls import NoReverseMatch, reverse

from trafford_sv.core.parts import Tag, Tone
from trafford_sv.core.views_base import EditMixin, PermissionView

from ..models import DeliveryReturn, ReturnLine
from ..selectors.returns import ReturnDetail, own_suppliers, return_detail

RETURN_TONES = {
    DeliveryReturn.State.DRAFT: Tone.NEUTRAL,
    DeliveryReturn.State.SUBMITTED: Tone.INFO,
    DeliveryReturn.State.SENT_BACK: Tone.WARNING,
    DeliveryReturn.State.PART_VERIFIED: Tone.INFO,
    DeliveryReturn.State.VERIFIED: Tone.GOOD,
}
LINE_TONES = {
    ReturnLine.State.OPEN: Tone.NEUTRAL,
    ReturnLine.State.ACCEPTED: Tone.GOOD,
    ReturnLine.State.PART: Tone.WARNING,
    ReturnLine.State.SENT_BACK: Tone.WARNING,
}


def return_tag(state: str) -> Tag:
    held = DeliveryReturn.State(state)
    return Tag(str(held.label), RETURN_TONES[held])


def line_tag(line: ReturnLine) -> Tag | None:
    """None before the line was sent."""
    state = ReturnLine.State(line.state)
    if not line.is_counted:
        return None
    return Tag(str(state.label), LINE_TONES[state])


def address(name: str, **arguments: Any) -> str:
    """A page's address, or "" while there is no such page."""
    try:
        return reverse(name, kwargs=arguments)
    except NoReverseMatch:
        return ""


class SupplierView(EditMixin, PermissionView):
    """For the people of a supplier. What is not theirs does not exist for them: 404."""

    permission = "report_delivery"

    @property
    def suppliers(self) -> list[int]:
        return own_suppliers(self.request.user)

    def detail(self, pk: int) -> ReturnDetail:
        rows = DeliveryReturn.objects.filter(supplier__in=self.suppliers)
        try:
            return return_detail(pk, self.request.user, returns=rows)
        except (DeliveryReturn.DoesNotExist, OverflowError):
            raise Http404 from None

    def line(self, pk: int) -> ReturnLine:
        rows = (
            ReturnLine.objects.visible_to(self.request.user)  # type: ignore[attr-defined]
            .filter(delivery_return__supplier__in=self.suppliers)
            .select_related(
                "delivery_return__contract",
                "delivery_return__supplier",
                "commitment__measure",
                "claim__activity",
            )
        )
        try:
            found: ReturnLine = rows.get(pk=pk)
        except (ReturnLine.DoesNotExist, OverflowError):
            raise Http404 from None
        return found

    @staticmethod
    def crumbs(row: DeliveryReturn | None = None, here: str = "") -> list[tuple[str, str | None]]:
        trail: list[tuple[str, str | None]] = [("Your promises", reverse("supplier-home"))]
        if row is not None:
            trail.append(("Returns", reverse("supplier-returns")))
            name = f"{row.contract.reference}, {row.period.short}"
            trail.append((name, reverse("supplier-return", args=[row.pk]) if here else None))
        if here:
            trail.append((here, None))
        return trail
