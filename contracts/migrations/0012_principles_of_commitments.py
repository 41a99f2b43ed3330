"""A commitment that gives its principle as a number gets the principle itself, where it is held.

Where the charter comes later, `load_reference` does the same. Nothing is taken away: the number stays.
"""

from django.db import migrations
from django.db.models import F


def link(apps, schema_editor):
    Principle = apps.get_model("charter", "Principle")
    Commitment = apps.get_model("contracts", "Commitment")
    found = (
        Principle.objects.filter(charter_version__state="approved")
        .order_by(F("charter_version__in_force_from").asc())
        .values_list("number", "pk")
    )
    for number, pk in dict(found).items():  # of the latest version
        Commitment.objects.filter(principle=None, charter_principle=str(number)).update(
            principle=pk
        )


class Migration(migrations.Migration):
    dependencies = [("contracts", "0011_offers_for_needs")]
    operations = [migrations.RunPython(link, migrations.RunPython.noop)]
