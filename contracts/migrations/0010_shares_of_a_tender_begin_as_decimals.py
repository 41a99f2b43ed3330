"""The defaults of a tender's shares are Decimals. Nothing in the database changes."""

from decimal import Decimal

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("contracts", "0009_confirmation_mails_are_seen_through")]

    operations = [
        # State only: an AlterField would build the table anew on SQLite.
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.AlterField(
                    model_name="tender",
                    name="weighting_share",
                    field=models.DecimalField(
                        "share of the whole evaluation that social value has",
                        max_digits=5,
                        decimal_places=4,
                        default=Decimal("0.2"),
                    ),
                ),
                migrations.AlterField(
                    model_name="tender",
                    name="quantitative_share",
                    field=models.DecimalField(
                        "share of the social value score that the quantities have",
                        max_digits=5,
                        decimal_places=4,
                        default=Decimal("0.5"),
                    ),
                ),
                migrations.AlterField(
                    model_name="historicaltender",
                    name="weighting_share",
                    field=models.DecimalField(
                        "share of the whole evaluation that social value has",
                        max_digits=5,
                        decimal_places=4,
                        default=Decimal("0.2"),
                    ),
                ),
                migrations.AlterField(
                    model_name="historicaltender",
                    name="quantitative_share",
                    field=models.DecimalField(
                        "share of the social value score that the quantities have",
                        max_digits=5,
                        decimal_places=4,
                        default=Decimal("0.5"),
                    ),
                ),
            ]
        )
    ]
