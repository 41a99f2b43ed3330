"""The demo's draft of a charter, adopters, pledges and stories: all invented, in every state.

Written once: what people then do with it stays, and a later load adds nothing. No real
organisation adopts or promises anything here.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import Q

from trafford_sv.core.one_time_links import token_of
from trafford_sv.core.reference_data import Counts
from trafford_sv.directory.demo import DemoDirectory
from trafford_sv.directory.models import Organisation
from trafford_sv.directory.services.organisations import create_organisation

from .mailings.letters import PLEDGE_SALT
from .models import (
    Adoption,
    AdoptionRequest,
    CaseStudy,
    CharterVersion,
    Initiative,
    Pledge,
)
from .selectors.versions import version_in_force
from .services import adoptions, case_studies, drafts, pledges

BENEFICIARIES = {
    "hub": ("Linnet Lane Community Hub (invented)", "hub"),
    "school": ("Copse Field Primary School (invented)", "school"),
    "pantry": ("Nettlefold Pantry (invented)", "voluntary"),
}
# supplier of the demo: days since it adopted, role, what it leads, days since it affirmed (None: never)
ADOPTERS: tuple[tuple[str, int, str, str, int | None], ...] = (
    ("bramblewick", 900, "managing director", "Work experience for pupils without contacts", 170),
    ("larkfield", 620, "chief executive", "", 250),
    ("sycamore", 380, "owner", "Green spaces looked after with their neighbours", None),
    ("moorhen", 352, "chair of trustees", "Lifts to community activities", None),
    ("penny-lantern", 120, "owner", "", None),
    ("tallow-street", 75, "chief officer", "A youth panel for the Steering Group", None),
    ("thistledown", 30, "manager", "", None),
)
WITHDRAWN = ("quillfield", 800, "senior partner", 200)
REQUESTS = (
    ("Meadowsweet Bakery (invented)", "owner", "Food collections for a pantry", 4),
    ("Tanglewood Accountants (invented)", "partner", "", 12),
)


@dataclass(frozen=True)
class _Plan:
    """A pledge and how far it has come; `came` is what was reported and what was confirmed."""

    by: str
    initiative: str
    title: str
    quantity: str | None
    unit: str
    made: int
    due: int
    beneficiary: str = ""
    reported: str | None = None
    confirmed: str | None = None
    ends: str = "promised"


PLEDGES: tuple[_Plan, ...] = (
    _Plan("bramblewick", "careers-talk", "Give careers talks at a primary school", "6", "talks", 400, 40, "school", "6", "6", "confirmed"),
    _Plan("larkfield", "befriending", "Release carers to call people who are lonely", "120", "hours", 300, 30, "hub", "110", "90", "confirmed"),
    _Plan("sycamore", "green-space", "Plant and tend a hub’s garden", "80", "hours", 200, -20, "hub", "64", None, "asked"),
    _Plan("moorhen", "lifts", "Lend a minibus on Thursdays", "40", "journeys", 150, -90, "", "22", None, "reported"),
    _Plan("penny-lantern", "food-collections", "Bring what is left over to a pantry", None, "", 100, -200, "pantry", None, None, "confirmed"),
    _Plan("tallow-street", "room-for-groups", "Lend a room to a parents’ group", "50", "hours", 60, -120),
    _Plan("bramblewick", "digital-skills", "Teach digital skills in a hub", "10", "sessions", 330, 60, "hub", "10", "0", "not_confirmed"),
    _Plan("thistledown", "spare-training-places", "Open first aid training to volunteers", "12", "places", 20, -180),
    _Plan("quillfield", "advice-time", "Give advice on debt at a hub", "30", "hours", 500, 210, "", None, None, "withdrawn"),
)  # fmt: skip


def load_charter_demo(
    directory: DemoDirectory, *, by: Any, now: datetime.datetime, today: datetime.date
) -> Counts:
    """Nothing where no charter is in force, or where the demo has adopters already."""
    version = version_in_force(today)
    held = _size()
    if version is None or held:
        return Counts(unchanged=held)
    with transaction.atomic():
        helped = {
            key: _organisation(name, kind, by, now) for key, (name, kind) in BENEFICIARIES.items()
        }
        _adopters(directory, version, by, now, today)
        _requests(by, now, today)
        for plan in PLEDGES:
            _pledge(plan, directory, helped, version, by, now, today)
        _stories(version, helped, by, now, today)
        _draft(by, now)
    return Counts(created=_size())


def remove_charter_demo() -> int:
    """Deletes what is marked as the demo's, and what hangs on its organisations."""
    ours = Q(is_demo=True) | Q(organisation__is_demo=True)
    removed = _size()
    with transaction.atomic():
        AdoptionRequest.objects.filter(
            Q(is_demo=True) | Q(adoption__organisation__is_demo=True)
        ).delete()
        for model, rows in (
            (Pledge, Pledge.objects.filter(ours)),
            (Adoption, Adoption.objects.filter(ours)),
            (CaseStudy, CaseStudy.objects.filter(is_demo=True)),
            (CharterVersion, CharterVersion.objects.filter(is_demo=True)),
        ):
            keys = list(rows.values_list("pk", flat=True))  # type: ignore[attr-defined]
            rows.delete()  # type: ignore[attr-defined]
            model.history.filter(id__in=keys).delete()  # type: ignore[attr-defined]
    return removed


def _size() -> int:
    return sum(
        model._default_manager.filter(is_demo=True).count()
        for model in (Adoption, AdoptionRequest, Pledge, CaseStudy, CharterVersion)
    )


def _organisation(name: str, kind: str, by: Any, now: datetime.datetime) -> Organisation:
    found = Organisation.objects.filter(name=name, is_demo=True).first()
    return found or create_organisation(
        values={"name": name, "is_demo": True}, kinds=(kind,), by=by, now=now
    )


def _ago(today: datetime.date, days: int, version: CharterVersion) -> datetime.date:
    first = version.in_force_from or today
    return max(first, today - datetime.timedelta(days=days))


def _adopters(
    directory: DemoDirectory,
    version: CharterVersion,
    by: Any,
    now: datetime.datetime,
    today: datetime.date,
) -> None:
    for key, days, role, leads, affirmed in ADOPTERS:
        row = _adopt(directory, version, key, days, role, leads, by, now, today)
        if affirmed is not None:
            day = _ago(today, affirmed, version)
            adoptions.reaffirm_adoption(adoption=row, day=day, role=role, by=by, now=now)
    key, days, role, left = WITHDRAWN
    row = _adopt(directory, version, key, days, role, "", by, now, today)
    adoptions.withdraw_adoption(
        adoption=row,
        withdrawn_on=_ago(today, left, version),
        reason="The firm has closed its office in the borough (invented).",
        expected_version=row.version,
        by=by,
        now=now,
        today=today,
    )


def _adopt(
    directory: DemoDirectory,
    version: CharterVersion,
    key: str,
    days: int,
    role: str,
    leads: str,
    by: Any,
    now: datetime.datetime,
    today: datetime.date,
) -> Adoption:
    return adoptions.record_adoption(
        organisation=directory.suppliers[key],
        charter_version=version,
        values={
            "adopted_on": _ago(today, days, version),
            "signed_by_name": "Invented Person",
            "signed_by_role": role,
            "lead_words": leads,
            "is_demo": True,
        },
        by=by,
        now=now,
        today=today,
    )


def _requests(by: Any, now: datetime.datetime, today: datetime.date) -> None:
    for number, (name, role, leads, days) in enumerate(REQUESTS):
        asked = adoptions.ask_to_adopt(
            values={
                "organisation_name": name,
                "signed_by_name": "Invented Person",
                "signed_by_role": role,
                "contact_email": f"request{number}@demo.example",
                "lead_words": leads,
                "message": "",
            },
            now=now - datetime.timedelta(days=days),
            today=today,
            is_demo=True,
        )
        if number == 1:
            adoptions.decline_request(
                request=asked,
                expected_version=asked.version,
                reason="Nobody at the firm knew of it (invented).",
                by=by,
                now=now,
            )


def _pledge(
    plan: _Plan,
    directory: DemoDirectory,
    helped: dict[str, Organisation],
    version: CharterVersion,
    by: Any,
    now: datetime.datetime,
    today: datetime.date,
) -> None:
    areas = version.principles.filter(focus_areas__initiatives__key=plan.initiative)
    principle = areas.first() or version.principles.order_by("number").first()
    if principle is None:
        return
    initiative = None
    for area in principle.focus_areas.all():
        initiative = area.initiatives.filter(key=plan.initiative).first() or initiative
    made = _ago(today, plan.made, version)
    row = pledges.make_pledge(
        values={
            "organisation": directory.suppliers[plan.by],
            "principle": principle,
            "initiative": initiative,
            "title": f"{plan.title} (invented)",
            "promised_quantity": None if plan.quantity is None else Decimal(plan.quantity),
            "unit": plan.unit,
            "pledged_on": made,
            "due": max(made, today - datetime.timedelta(days=plan.due)),
            "is_demo": True,
        },
        by=by,
        now=now,
    )
    common: dict[str, Any] = {"by": by, "now": now}
    if plan.ends == "withdrawn":
        pledges.withdraw_pledge(
            pledge=row, withdrawn_on=_ago(today, 200, version), expected_version=row.version,
            reason="The firm has closed its office in the borough (invented).", today=today, **common,
        )  # fmt: skip
    elif plan.ends != "promised":
        row = pledges.report_pledge(
            pledge=row,
            quantity=None if plan.reported is None else Decimal(plan.reported),
            reported_on=max(made, today - datetime.timedelta(days=14)),
            words="Done as promised, on the days agreed with the people there (invented).",
            expected_version=row.version,
            today=today,
            **common,
        )
        if plan.beneficiary:
            _ask(plan, row, helped[plan.beneficiary], common, today)


def _ask(
    plan: _Plan, row: Pledge, whom: Organisation, common: dict[str, Any], today: datetime.date
) -> None:
    asked = pledges.ask_beneficiary(
        pledge=row,
        organisation=whom,
        email="beneficiary@demo.example",
        expected_version=row.version,
        **common,
    )
    if plan.ends == "asked":
        return
    pledges.answer_pledge(
        token=token_of(asked.link_seed, salt=PLEDGE_SALT),
        did_happen=plan.ends == "confirmed",
        quantity=None if plan.confirmed is None else Decimal(plan.confirmed),
        comment="Nobody came (invented)." if plan.ends == "not_confirmed" else "",
        role="centre manager",
        now=common["now"],
        today=today,
    )


def _stories(
    version: CharterVersion,
    helped: dict[str, Organisation],
    by: Any,
    now: datetime.datetime,
    today: datetime.date,
) -> None:
    principle = version.principles.filter(key="happy-healthy-safe").first()
    garden = case_studies.write_case_study(
        values={
            "title": "A garden that a street looks after (invented)",
            "summary": "Neighbours and a company’s gardeners made a bare yard green, and two of them found work.",
            "story": "The yard behind the hub was bare.\n\nA company pledged its gardeners’ time, and the neighbours theirs. Within a summer there were beds, benches and a shed. Everything in this story is invented for the demonstration.",
            "principle": principle,
            "happened_words": "Last summer",
            "people_helped": 3,
            "consent_words": "The hub and the three people told of (invented).",
            "consent_on": today,
            "partners": [helped["hub"]],
            "is_demo": True,
        },
        by=by,
        now=now,
    )
    case_studies.publish_case_study(
        case_study=garden, published_on=today, expected_version=garden.version, by=by, now=now
    )
    case_studies.write_case_study(
        values={
            "title": "Talks that changed a choice (invented)",
            "summary": "A draft that waits for the school’s consent.",
            "story": "Six talks at a primary school. Everything in this story is invented for the demonstration.",
            "is_demo": True,
        },
        by=by,
        now=now,
    )


def _draft(by: Any, now: datetime.datetime) -> None:
    if CharterVersion.objects.drafts().exists():
        return
    draft = drafts.start_draft(by=by, now=now, is_demo=True)
    drafts.change_draft(
        version=draft,
        changes={
            "what_changed": "Invented for the demonstration: a fourth principle about the climate, and one initiative less.",
        },
        expected_version=draft.version,
        by=by,
        now=now,
    )
    principle = drafts.add_principle(
        version=draft,
        values={
            "title": "A cleaner, greener borough",
            "words": "All our places will be cleaner and greener, and ready for a changing climate (invented)",
        },
        by=by,
        now=now,
    )
    area = drafts.add_area(
        principle=principle,
        values={"title": "Getting about", "words": "On foot, by bicycle and together."},
        by=by,
        now=now,
    )
    drafts.add_initiative(
        area=area,
        values={"title": "Lend cargo bicycles to community groups", "unit": "days"},
        by=by,
        now=now,
    )
    gone = Initiative.objects.filter(
        focus_area__principle__charter_version=draft, key="spare-desks"
    ).first()
    if gone is not None:
        drafts.remove_part(part=gone, by=by, now=now)
