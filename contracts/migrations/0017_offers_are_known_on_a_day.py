"""Offers get a history, begun with the rows that are here.

An offer can change only while its bid is being written, and counts only once the bid has won. So
what stands now stood on every day on which it counted: each history begins with its bid's own.
"""

from collections.abc import Iterator
from itertools import islice
from typing import Any

import django.db.models.deletion
import simple_history.models
from django.conf import settings
from django.db import migrations, models
from django.utils import timezone

CHUNK = 500


def begin(apps: Any, schema_editor: Any) -> None:
    offers = apps.get_model("contracts", "Offer")
    histories = apps.get_model("contracts", "HistoricalOffer")
    bids = apps.get_model("contracts", "HistoricalBid")
    first = dict(
        bids.objects.order_by().values_list("id").annotate(first=models.Min("history_date"))
    )

    def rows() -> Iterator[Any]:
        for offer in offers.objects.select_related("bid").iterator(chunk_size=CHUNK):
            yield histories(
                id=offer.pk,
                bid_id=offer.bid_id,
                requested_id=offer.requested_id,
                partner_id=offer.partner_id,
                offered_quantity=offer.offered_quantity,
                offered_pounds=offer.offered_pounds,
                method_statement=offer.method_statement,
                partner_name=offer.partner_name,
                history_date=first.get(offer.bid_id) or offer.bid.submitted_at or timezone.now(),
                history_change_reason="Begun when histories of offers began",
                history_type="+",
            )

    # A chunk at a time, so that memory does not grow with the number of offers.
    made = rows()
    while chunk := list(islice(made, CHUNK)):
        histories.objects.bulk_create(chunk)


class Migration(migrations.Migration):
    dependencies = [
        ("contracts", "0016_agreements_named_in_public"),
        ("directory", "0003_plain_words"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="HistoricalOffer",
            fields=[
                (
                    "id",
                    models.BigIntegerField(
                        auto_created=True, blank=True, db_index=True, verbose_name="ID"
                    ),
                ),
                (
                    "offered_quantity",
                    models.DecimalField(blank=True, decimal_places=4, max_digits=16, null=True),
                ),
                (
                    "offered_pounds",
                    models.DecimalField(
                        blank=True,
                        decimal_places=2,
                        help_text="quantity times the value per unit, half up; None for what is only counted",
                        max_digits=16,
                        null=True,
                    ),
                ),
                ("method_statement", models.TextField(blank=True)),
                ("partner_name", models.CharField(blank=True, max_length=200)),
                ("history_id", models.AutoField(primary_key=True, serialize=False)),
                ("history_date", models.DateTimeField(db_index=True)),
                ("history_change_reason", models.TextField(null=True)),
                (
                    "history_type",
                    models.CharField(
                        choices=[("+", "Created"), ("~", "Changed"), ("-", "Deleted")], max_length=1
                    ),
                ),
                (
                    "bid",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="contracts.bid",
                    ),
                ),
                (
                    "history_user",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "partner",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="directory.organisation",
                    ),
                ),
                (
                    "requested",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="contracts.requestedmeasure",
                    ),
                ),
            ],
            options={
                "verbose_name": "historical offer",
                "verbose_name_plural": "historical offers",
                "ordering": ("-history_date", "-history_id"),
                "get_latest_by": ("history_date", "history_id"),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.RunPython(begin, migrations.RunPython.noop),
    ]
