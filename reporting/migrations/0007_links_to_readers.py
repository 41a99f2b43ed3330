from django.db import migrations, models


def sent_when_asked(apps, schema_editor):
    """Until now a link went at once, so none waits to be sent."""
    apps.get_model("reporting", "MailSubscription").objects.filter(state="pending").update(
        confirm_sent_at=models.F("asked_at")
    )


class Migration(migrations.Migration):
    dependencies = [
        ("reporting", "0006_closing_a_quarter"),
    ]

    operations = [
        migrations.AddField(
            model_name="mailsubscription",
            name="confirm_sent_at",
            field=models.DateTimeField(
                blank=True,
                help_text="when the last link went; empty where one is to go",
                null=True,
            ),
        ),
        migrations.RunPython(sent_when_asked, migrations.RunPython.noop),
    ]
