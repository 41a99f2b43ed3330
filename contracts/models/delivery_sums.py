"""What the lines of a closed quarter add up to, agreement by agreement.

Written as the quarter is closed, in the same transaction, and read only while it stays closed.
"""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from trafford_sv.core.models import ClosedQuarter

from .agreements import Contract
from .measures import Measure, MeasureEdition


class DeliverySum(models.Model):
    """One agreement's counted lines of one kind of value and one edition of measures.

    `measure` is set where the edition's licence kept its values in at that time: there each measure
    has a sum of its own, because how many different values add to a total decides whether it may be told.
    """

    closed = models.ForeignKey(
        ClosedQuarter, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    contract = models.ForeignKey(Contract, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=16, choices=Measure.Kind.choices)
    edition = models.ForeignKey(
        MeasureEdition, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    measure = models.ForeignKey(
        Measure, null=True, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    reported_pounds = models.DecimalField(max_digits=20, decimal_places=2, null=True)
    verified_pounds = models.DecimalField(max_digits=20, decimal_places=2, null=True)
    lines = models.PositiveIntegerField()
    lines_not_reported = models.PositiveIntegerField()
    lines_undecided = models.PositiveIntegerField()
    lines_without_value = models.PositiveIntegerField()

    class Meta:
        indexes = [models.Index(fields=["closed", "edition", "measure"])]
        constraints = [
            models.UniqueConstraint(
                fields=["closed", "contract", "kind", "edition"],
                condition=Q(measure__isnull=True),
                name="an_agreement_is_summed_once",
            ),
            models.UniqueConstraint(
                fields=["closed", "contract", "kind", "measure"],
                condition=Q(measure__isnull=False),
                name="a_measure_kept_in_is_summed_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.contract.reference} in {self.closed}"
