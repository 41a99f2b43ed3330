"""Organisations carry the key by which their names are compared."""

from django.db import migrations, models

import trafford_sv.directory.models.organisations


class Migration(migrations.Migration):
    dependencies = [("directory", "0001_initial")]

    operations = [
        migrations.AddField(
            model_name="organisation",
            name="name_key",
            field=trafford_sv.directory.models.organisations.NameKeyField(),
        ),
        migrations.AddField(
            model_name="historicalorganisation",
            name="name_key",
            field=trafford_sv.directory.models.organisations.NameKeyField(),
        ),
        migrations.AlterField(
            model_name="organisationalias",
            name="key",
            field=trafford_sv.directory.models.organisations.NameKeyField(),
        ),
        migrations.AlterField(
            model_name="organisationmerge",
            name="moved",
            field=models.JSONField(
                help_text='[{"model": "app.Model", "field": "...", "pks": [...], "removed": [...]}]'
            ),
        ),
    ]
