from typing import Any

from django.db import migrations, models


def mark(apps: Any, schema_editor: Any) -> None:
    """What was put on record as the demo closed a quarter, before that was marked."""
    rows = apps.get_model("reporting", "MeasureReading").objects.filter(by_name="Demo Co-ordinator")
    rows.update(is_demo=True)


class Migration(migrations.Migration):
    dependencies = [
        ("reporting", "0007_links_to_readers"),
    ]

    operations = [
        migrations.AddField(
            model_name="acceptedcheck",
            name="is_demo",
            field=models.BooleanField(default=False, editable=False),
        ),
        migrations.AddField(
            model_name="closingreminder",
            name="is_demo",
            field=models.BooleanField(default=False, editable=False),
        ),
        migrations.RunPython(mark, migrations.RunPython.noop),
    ]
