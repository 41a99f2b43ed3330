from typing import Any

from django.db import migrations, models


def mark(apps: Any, schema_editor: Any) -> None:
    """The one closing that the demo made before its closings were marked."""
    rows = apps.get_model("core", "ClosedQuarter").objects.filter(
        reopened_reason="Reopened so that the demonstration can be tried. Invented."
    )
    rows.update(is_demo=True)


class Migration(migrations.Migration):
    dependencies = [
        ("core", "0007_answers_beside_the_columns"),
    ]

    operations = [
        migrations.AddField(
            model_name="closedquarter",
            name="is_demo",
            field=models.BooleanField(default=False, editable=False),
        ),
        migrations.RunPython(mark, migrations.RunPython.noop),
    ]
