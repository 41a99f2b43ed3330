"""What waits for a reader's click; what a pack's earlier tries carried; which officers were reminded
before a quarter was closed. PostgreSQL itself refuses to
change a kept pack, or to remove one of a meeting that no demo brought."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from trafford_sv.core.migration_operations import on_postgresql

FORWARD = """
CREATE OR REPLACE FUNCTION reporting_kept_pack_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' AND EXISTS (
        SELECT 1 FROM action_plan_meeting WHERE id = OLD.meeting_id AND is_demo
    ) THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION 'A pack that was sent is never changed or removed (pack %).', OLD.id
        USING ERRCODE = 'integrity_constraint_violation';
END;
$$;
CREATE TRIGGER reporting_kept_pack_is_frozen
    BEFORE UPDATE OR DELETE ON reporting_keptpack
    FOR EACH ROW EXECUTE FUNCTION reporting_kept_pack_refuse();
"""
BACKWARD = """
DROP TRIGGER IF EXISTS reporting_kept_pack_is_frozen ON reporting_keptpack;
DROP FUNCTION IF EXISTS reporting_kept_pack_refuse();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("reporting", "0010_measure_category"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="mailsubscription",
            name="asked_kinds",
            field=models.JSONField(
                blank=True,
                help_text="kinds that wait for the click; null: nothing waits",
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="mailsubscription",
            name="asked_kinds_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="mailsubscription",
            name="asked_seed",
            field=models.CharField(
                blank=True, help_text="of the link to that click", max_length=64
            ),
        ),
        migrations.AddField(
            model_name="packmail",
            name="earlier_packs",
            field=models.ManyToManyField(
                blank=True,
                help_text="what tries carried that may have arrived, before it was sent again",
                related_name="earlier_mails",
                to="reporting.keptpack",
            ),
        ),
        migrations.CreateModel(
            name="ClosingMail",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "Waiting to be sent"),
                            ("claimed", "Being sent, or in doubt"),
                            ("sent", "Sent"),
                            ("failed", "Refused by the mail server"),
                            ("skipped", "No longer needed"),
                        ],
                        default="waiting",
                        max_length=10,
                    ),
                ),
                ("tries", models.PositiveSmallIntegerField(default=0)),
                ("failure", models.CharField(blank=True, max_length=500)),
                ("claimed_at", models.DateTimeField(blank=True, null=True)),
                ("sent_at", models.DateTimeField(blank=True, null=True)),
                ("about", models.TextField(help_text="what was asked for, in words")),
                (
                    "reminder",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="mails",
                        to="reporting.closingreminder",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="closing_mails",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["reminder", "user__name", "pk"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("reminder", "user"), name="an_officer_is_reminded_once_a_press"
                    )
                ],
            },
        ),
        migrations.RunPython(on_postgresql(FORWARD), on_postgresql(BACKWARD)),
    ]
