"""The demo council's organisations and people. All invented, all marked, all removable.

No real body is described here. Postcodes are units that no address has, in real sectors, so that
the location of a supplier is found, and is honestly "approximate".
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import ProtectedError

from trafford_sv.core.models import User
from trafford_sv.core.reference_data import Counts
from trafford_sv.core.services.invitations import create_person

from .models import Organisation
from .services.grants import grant_role
from .services.organisations import create_organisation

COUNCIL = "Trafford Council (demo)"
DIRECTORATES = {
    "place": "Place (demo)",
    "children": "Children’s Services (demo)",
    "adults": "Adult Services (demo)",
    "finance": "Finance and Systems (demo)",
    "strategy": "Strategy and Resources (demo)",
    "health": "Public Health (demo)",
}
# key: name, size, voluntary, postcode of a sector ("" where only an officer's word is known), locality
_T, _G, _E, _U = "trafford", "greater_manchester", "elsewhere", "unknown"
SUPPLIERS: dict[str, tuple[str, str, bool | None, str, str]] = {
    "bramblewick": ("Bramblewick Facilities (demo)", "medium", False, "M17 1ZZ", _T),
    "larkfield": ("Larkfield Homecare (demo)", "medium", False, "M33 7ZZ", _T),
    "old-forge": ("Old Forge Construction (demo)", "large", False, "M50 3ZZ", _G),
    "sycamore": ("Sycamore Grounds Care (demo)", "small", False, "M41 0ZZ", _T),
    "penny-lantern": ("Penny Lantern Catering (demo)", "small", False, "WA15 6ZZ", _T),
    "moorhen": ("Moorhen Community Transport (demo)", "small", True, "M32 0ZZ", _T),
    "ninebark": ("Ninebark Software (demo)", "medium", False, "LS1 1ZZ", _E),
    "harrow-vale": ("Harrow Vale Highways (demo)", "large", False, "BL1 1ZZ", _G),
    "tallow-street": ("Tallow Street Youth Trust (demo)", "micro", True, "M16 0ZZ", _T),
    "fenwright": ("Fenwright Waste and Recycling (demo)", "large", False, "SK1 1ZZ", _G),
    "copperbeech": ("Copperbeech Residential Care (demo)", "medium", False, "WA14 1ZZ", _T),
    "quillfield": ("Quillfield Legal (demo)", "medium", False, "M3 3ZZ", _G),
    "thistledown": ("Thistledown Early Years (demo)", "small", True, "", _T),
    "redgate": ("Redgate Security Services (demo)", "medium", False, "OL6 6ZZ", _G),
    "wrenbury": ("Wrenbury Surveyors (demo)", "small", False, "M1 1ZZ", _G),
    "hollowmere": ("Hollowmere Advice (demo)", "micro", True, "", _T),
    "bellfounder": ("Bellfounder Audit (demo)", "large", False, "EC1A 1ZZ", _E),
    "cloudberry": ("Cloudberry Telephony (demo)", "large", False, "B1 1ZZ", _E),
    "ashdyke": ("Ashdyke Fostering (demo)", "small", True, "M33 7ZY", _T),
    "kestrel-row": ("Kestrel Row Joinery (demo)", "micro", False, "M41 0ZY", _T),
    "millrace": ("Millrace Energy (demo)", "large", False, "NG1 1ZZ", _E),
    "sandpiper": ("Sandpiper Leisure (demo)", "medium", True, "WA14 1ZY", _T),
    "tollhouse": ("Tollhouse Printing (demo)", "micro", False, "M32 0ZY", _T),
    "greenfinch": ("Greenfinch Arboriculture (demo)", "micro", False, "WA15 6ZY", _T),
    "stonebridge": ("Stonebridge Roofing (demo)", "small", False, "OL1 1ZZ", _G),
    "lowry-fold": ("Lowfold Training (demo)", "small", True, "M50 3ZY", _G),
    "marigold": ("Marigold Mental Health Support (demo)", "small", True, "M16 0ZY", _T),
    "oakapple": ("Oakapple Supported Living (demo)", "medium", False, "WN1 1ZZ", _G),
    "pinnacle-end": ("Pinnacle End Consulting (demo)", "medium", False, "L1 1ZZ", _E),
    "saltersford": ("Saltersford Civil Engineering (demo)", "large", False, "WA1 1ZZ", _E),
    "daisy-nook": ("Daisybank Play (demo)", "micro", True, "M33 7ZX", _T),
    "ferryman": ("Ferryman Coaches (demo)", "small", False, "M41 0ZX", _T),
    "glasshouse": ("Glasshouse Cleaning (demo)", "small", False, "M17 1ZY", _T),
    "hedgerow": ("Hedgerow Food Partnership (demo)", "micro", True, "", _T),
    "ironbark": ("Ironbark Playgrounds (demo)", "small", False, "PR1 1ZZ", _E),
    "juniper": ("Juniper Domestic Abuse Support (demo)", "small", True, "", _G),
    "lamplighter": ("Lamplighter Street Lighting (demo)", "medium", False, "BD1 1ZZ", _E),
    "nightjar": ("Nightjar Data (demo)", "micro", None, "", _U),
    "orchard-end": ("Orchard End Supplies (demo)", "unknown", None, "", _U),
    "periwinkle": ("Periwinkle Training (demo)", "unknown", None, "", _U),
}
# Invented hubs beside the real ones: nothing that is made up is said by a real hub.
DEMO_HUBS: dict[str, tuple[str, str]] = {
    "lantern": ("Lantern Lane Community Hub (demo)", "Monday to Friday, 10am-4pm"),
    "millbrook": ("Millbrook Community Hub (demo)", "Tuesdays and Thursdays, 9.30am-3pm"),
    "kingfisher": ("Kingfisher Community Hub (demo)", "Monday to Thursday, 9am-5pm"),
    "beacon": ("Beacon Corner Community Hub (demo)", "Saturdays, 10am-1pm"),
}
# role: name, job title, what it belongs to
PEOPLE: dict[str, tuple[str, str, str]] = {
    "administrator": ("Demo Administrator", "Systems administrator", ""),
    "coordinator": ("Demo Co-ordinator", "Social value co-ordinator", ""),
    "contract_manager": ("Demo Contract Manager", "Contract manager, Place", "place"),
    "star_officer": ("Demo Procurement Officer", "Procurement officer, STAR", ""),
    "steering_member": ("Demo Steering Member", "Steering Group member", ""),
    "steering_chair": ("Demo Steering Chair", "Steering Group chair", ""),
    "supplier": ("Demo Supplier", "Bid manager", "bramblewick"),
    "hub": ("Demo Hub Worker", "Hub worker", "lantern"),
    "auditor": ("Demo Auditor", "Internal auditor", ""),
}


@dataclass(frozen=True)
class DemoDirectory:
    """What other apps' demo builders need, by the keys above; `people` by role."""

    council: Organisation
    directorates: dict[str, Organisation]
    suppliers: dict[str, Organisation]
    hubs: dict[str, Organisation]
    people: dict[str, User]
    counts: Counts


def load_directory(*, by: Any, now: datetime.datetime) -> DemoDirectory:
    """Creates what is missing and leaves what is there as people have edited it."""
    with transaction.atomic():
        counts = Counts()
        council, made = _organisation(COUNCIL, ("public_body",), by, now)
        counts += _counted(made)
        directorates, suppliers = {}, {}
        for key, name in DIRECTORATES.items():
            directorates[key], made = _organisation(name, ("council_service",), by, now)
            counts += _counted(made)
        for key, (name, size, voluntary, postcode, locality) in SUPPLIERS.items():
            kinds = ("supplier", "voluntary") if voluntary else ("supplier",)
            suppliers[key], made = _organisation(
                name, kinds, by, now,
                size=size, is_voluntary=voluntary, postcode=postcode, locality=locality,
            )  # fmt: skip
            counts += _counted(made)
        hubs = {}
        for key, (name, hours) in DEMO_HUBS.items():
            hubs[key], made = _organisation(
                name, ("hub",), by, now, is_voluntary=True, locality=_T, opening_hours=hours
            )
            counts += _counted(made)
        people: dict[str, User] = {}
        if not settings.PRODUCTION:
            for role in PEOPLE:
                people[role], made = _person(role, {**directorates, **suppliers, **hubs}, by, now)
                counts += _counted(made)
    return DemoDirectory(council, directorates, suppliers, hubs, people, counts)


def remove_directory() -> int:
    """Deletes demo people and organisations. One that real records rely on stays, unmarked."""
    removed = 0
    with transaction.atomic():
        people = User.objects.filter(email__endswith=settings.DEMO_EMAIL_DOMAIN)
        User.history.filter(email__endswith=settings.DEMO_EMAIL_DOMAIN).delete()
        for person in people:
            person.grants.all().delete()
            person.delete()
            removed += 1
        for organisation in Organisation.objects.filter(is_demo=True):
            pk = organisation.pk
            try:
                with transaction.atomic():
                    organisation.delete()
            except ProtectedError:
                organisation.is_demo = False
                organisation.version += 1
                organisation.save()
            else:
                Organisation.history.filter(id=pk).delete()
                removed += 1
    return removed


def _counted(made: bool) -> Counts:
    return Counts(created=1) if made else Counts(unchanged=1)


def _organisation(
    name: str,
    kinds: tuple[str, ...],
    by: Any,
    now: datetime.datetime,
    *,
    size: str = "unknown",
    is_voluntary: bool | None = None,
    postcode: str = "",
    locality: str = "",
    opening_hours: str = "",
) -> tuple[Organisation, bool]:
    held = Organisation.objects.filter(name=name, is_demo=True).first()
    if held is not None:
        return held, False
    made = create_organisation(
        values={
            "name": name,
            "size": size,
            "is_voluntary": is_voluntary,
            "postcode": postcode,
            "opening_hours": opening_hours,
            "is_demo": True,
        },
        kinds=kinds,
        stated_locality=locality or None,
        by=by,
        now=now,
        reason="Invented for the demo council",
    )
    return made, True


def _person(
    role: str, organisations: dict[str, Organisation], by: Any, now: datetime.datetime
) -> tuple[User, bool]:
    name, job_title, belongs_to = PEOPLE[role]
    email = f"{role.replace('_', '-')}{settings.DEMO_EMAIL_DOMAIN}"
    held = User.objects.filter(email=email).first()
    if held is not None:
        return held, False
    organisation = organisations.get(belongs_to)
    user = create_person(email=email, name=name, job_title=job_title, by=by, now=now)
    user.set_password(settings.DEMO_PASSWORD)
    user.save(update_fields=["password"])
    grant_role(user=user, role=role, organisation=organisation, by=by, now=now)
    return user, True
