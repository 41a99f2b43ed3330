"""What opens needs and hubs, and whose each is."""

from __future__ import annotations

from typing import Any

from community_needs.models import Hub
from tests.factories import make_organisation
from tests.factories_needs import make_need
from trafford_sv.directory.models import Organisation

PUBLIC = "public"
TABLE: dict[str, str | tuple[str, ...]] = {
    "needs-home": PUBLIC,
    "need-list": PUBLIC,
    "need-detail": PUBLIC,
    "need-create": "change_needs",
    "need-edit": "change_needs",
    "need-publish": "change_needs",
    "need-withdraw": "change_needs",
    "hub-need-edit": "raise_needs",
    "hub-need-withdraw": "raise_needs",
    "need-merge-list": "change_needs",
    "need-merge": "change_needs",
    "priority-list": "view_needs",
    "priority-create": "change_needs",
    "priority-edit": "change_needs",
    "hub-list": PUBLIC,
    "hub-edit": "change_catchments",
    "hub-home": "raise_needs",
    "hub-need-create": "raise_needs",
    "api-needs": "use_api",
    "api-hubs": "use_api",
    "api-rounds": "use_api",
}
OBJECTS: dict[str, Any] = {
    "hub-need-edit": lambda side: {"pk": side["need"].pk},
    "hub-need-withdraw": lambda side: {"pk": side["need"].pk},
}
EVERYONES: dict[str, str] = {}


def extend(side: dict[str, Any]) -> None:
    """The own side's need belongs to the hub that the test's hub worker is at."""
    at = Organisation.objects.filter(name="Invented Hub", hub__isnull=True).first()
    organisation = at or make_organisation("Hidden Hub", "hub")
    Hub.objects.create(organisation=organisation)
    side["hub_record"] = organisation
    side["need"] = make_need(hub=organisation, is_public=False, title="A quiet quokka corner")
