"""What a position is about and who asks: the conditions that every figure's rows share."""

from __future__ import annotations

import datetime
from dataclasses import dataclass, fields
from typing import Any
from urllib.parse import urlencode

from django.db.models import Case, F, IntegerField, Q, When

from trafford_sv.core.access import can, reach

from ..licensing import TotalReader
from ..models import Contract
from ..models.agreements import own_agreements
from .known import agreements_known

OVER = (Contract.Stage.ENDED, Contract.Stage.TERMINATED)


class Everywhere:
    """In place of a person, for a command at the terminal and for a published report."""


EVERYWHERE = Everywhere()


@dataclass(frozen=True)
class Scope:
    """What the figures are about. Names are those of the lists behind them; None is "any".

    `agreement`: contract, grant, planning or pledge. `measure`: a code, in one `edition` or in
    all. `theme`: a title, because editions share themes. `ward`: a ward's code. `division`: the
    first two digits of the agreement's category.
    """

    agreement: str = ""
    contract: int | None = None
    supplier: int | None = None
    measure: str = ""
    edition: int | None = None
    theme: str = ""
    directorate: int | None = None
    ward: str = ""
    division: str = ""

    def query(self, **more: Any) -> str:
        """The parameters of a list page that hold exactly this scope's rows."""
        held = {one.name: getattr(self, one.name) for one in fields(self)}
        return urlencode({k: v for k, v in {**held, **more}.items() if v not in (None, "")})


def reach_of(user: Any, permission: str) -> tuple[bool, list[tuple[str, int]]]:
    return (True, []) if user is EVERYWHERE else reach(user, permission)


def reads(user: Any, path: str) -> Q:
    """Whose agreements this person sees, as `Commitment.visible_to` has it. `path` to a commitment."""
    everything, own = reach_of(user, "view_commitments")
    if everything:
        return Q()
    directorates = [pk for role, pk in own if role == "contract_manager"]
    suppliers = [pk for role, pk in own if role == "supplier"]
    return Q(**{f"{path}contract__directorate_id__in": directorates}) | Q(
        **{f"{path}supplier_id__in": suppliers}
    )


def agreements_of(scope: Scope, path: str = "", *, among: Any = None) -> Q:
    """The scope's conditions on the agreement at `path` ("" for the agreement itself). `among`: the
    agreements there are, where they are not those of now.
    """
    found = own_agreements(path, among)
    if scope.agreement:
        found &= Q(**{f"{path}kind": scope.agreement})
    if scope.contract is not None:
        # A page about one contract shows that contract, whoever bought it.
        found = Q(**{f"{path}id": scope.contract})
    if scope.directorate is not None:
        found &= Q(**{f"{path}directorate_id": scope.directorate})
    if scope.division:
        found &= Q(**{f"{path}category__code__startswith": scope.division})
    return found


def agreements_at(
    scope: Scope,
    path: str,
    at: datetime.datetime | None,
    *,
    span: tuple[datetime.date | None, datetime.date] | None = None,
) -> Q:
    """The scope's conditions on the agreement at `path` ("contract"), as it was known at the moment
    (None: as now). `span`: and it was in force between these days, the first of them open if None.
    """
    if at is None:
        found = agreements_of(scope, f"{path}__")
        return found & in_force(f"{path}__", *span) if span else found
    every = agreements_known(at)
    kept = every.filter(agreements_of(scope, among=every))
    if span:
        kept = kept.filter(in_force("", *span))
    return Q(**{f"{path}_id__in": kept.values("id")})


def measured(scope: Scope, path: str) -> Q:
    found = Q()
    if scope.measure:
        found &= Q(**{f"{path}code": scope.measure})
    if scope.edition is not None:
        found &= Q(**{f"{path}edition_id": scope.edition})
    if scope.theme:
        found &= Q(**{f"{path}outcome__theme__title": scope.theme})
    return found


def in_force(path: str, first: datetime.date | None, last: datetime.date) -> Q:
    """Agreements that had begun by `last` and were not over before `first`.

    Without an end date only the stage says that one is over.
    """
    begun = Q(**{f"{path}start__isnull": True}) | Q(**{f"{path}start__lte": last})
    if first is None:
        return begun
    no_end = Q(**{f"{path}end__isnull": True})
    return begun & (Q(**{f"{path}end__gte": first}) | (no_end & ~Q(**{f"{path}stage__in": OVER})))


def total_reader(user: Any, *, outward: bool, any_day: bool = False) -> TotalReader:
    """What the licence of an edition lets this person, program or published report read. `any_day`: as
    known on a day that a person or program chose; a report's is chosen by none of its readers."""
    if user is EVERYWHERE:
        return TotalReader()
    everything, own = reach(user, "view_commitments")
    return TotalReader(
        may_see_licensed=can(user, "see_licensed_values"),
        outward=outward,
        types_quantities=not everything and any(role == "supplier" for role, _ in own),
        any_day=any_day,
    )


def held_measure(measure: str) -> Case:
    """The measure's key where its edition's licence keeps its values in, else None."""
    return Case(
        When(
            **{f"{measure}__edition__values_may_be_published": False},
            then=F(f"{measure}_id"),
        ),
        default=None,
        output_field=IntegerField(null=True),
    )
