"""What an adopter of the Charter leads in the plan, on its page in the register."""

from __future__ import annotations

import datetime
from typing import Any

from charter.models import Adoption
from trafford_sv.directory.sections import Section

from ..progress import Status
from ..selectors.leads import led_by
from .parts import status_tag


def leads_section(adoption: Adoption, user: Any, today: datetime.date) -> Section | None:
    """One query. None where it leads nothing that this person may read."""
    rows = [(row, status_tag(Status(row.status))) for row in led_by(adoption.organisation, user)]
    if not rows:
        return None
    return Section(
        "leads", "What it leads in the Action Plan", "action_plan/_adopter_leads.html",
        {"rows": rows},
    )  # fmt: skip
