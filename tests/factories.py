"""Small believable rows for tests. Append; change nothing that others rely on."""

from __future__ import annotations

import datetime
import itertools
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from contracts.models import Award, AwardSupplier, Contract, CpvCode, ThresholdRule
from trafford_sv.core.models import User
from trafford_sv.directory.models import Area, Organisation, OrganisationKind, RoleGrant

_numbers = itertools.count(1)


def make_organisation(name: str = "", *kinds: str, **values: Any) -> Organisation:
    """An organisation of the kinds named, a supplier unless told."""
    organisation = Organisation.objects.create(
        name=name or f"Invented Supplies {next(_numbers)}", **values
    )
    for kind in kinds or ("supplier",):
        OrganisationKind.objects.create(organisation=organisation, kind=kind)
    return organisation


def make_user(role: str = "coordinator", organisation: Organisation | None = None) -> User:
    """A person who holds one role since 2020; pass "" for a person with none."""
    user = User.objects.create_user(email=f"person{next(_numbers)}@example.org", name="An officer")
    if role:
        RoleGrant.objects.create(
            user=user,
            role=role,
            organisation=organisation,
            starts=datetime.date(2020, 1, 1),
            granted_by_name="A test",
        )
    return user


def make_contract(
    *,
    value: Decimal | str | None = None,
    awarded_on: datetime.date | None = None,
    suppliers: Iterable[Organisation] = (),
    **values: Any,
) -> Contract:
    """A contract, with one active award where a value, an award date or suppliers are given."""
    number = next(_numbers)
    contract = Contract.objects.create(
        **{"reference": f"T-{number:05d}", "title": f"Contract {number}", **values}
    )
    suppliers = list(suppliers)
    if value is not None or awarded_on is not None or suppliers:
        make_award(contract, value=value, awarded_on=awarded_on, suppliers=suppliers)
    return contract


def make_award(
    contract: Contract,
    *,
    value: Decimal | str | None = None,
    awarded_on: datetime.date | None = None,
    suppliers: Iterable[Organisation] = (),
    **values: Any,
) -> Award:
    award = Award.objects.create(
        contract=contract,
        value_pounds=None if value is None else Decimal(value),
        awarded_on=awarded_on,
        **values,
    )
    for supplier in suppliers:
        AwardSupplier.objects.create(award=award, organisation=supplier)
    return award


def make_ward(code: str = "", name: str = "", boundary_year: int = 2023) -> Area:
    number = next(_numbers)
    return Area.objects.create(
        code=code or f"E0599{number:04d}",
        boundary_year=boundary_year,
        name=name or f"Ward {number}",
        kind=Area.Kind.WARD,
    )


def make_category(code: str = "45000000", name: str = "Construction work") -> CpvCode:
    return CpvCode.objects.get_or_create(code=code, defaults={"name": name})[0]


def make_threshold(
    amount: str = "50000",
    starts: datetime.date = datetime.date(2019, 4, 1),
    duty: str = "required",
    **values: Any,
) -> ThresholdRule:
    return ThresholdRule.objects.create(
        duty=duty, amount_pounds=Decimal(amount), starts=starts, source="A test", **values
    )
