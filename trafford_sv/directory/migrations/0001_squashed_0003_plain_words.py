"""Every table of this part as it stands after 0003, for an empty database.

Written by a program and left in its layout. The migrations it replaces stay for databases that
have some of them, until the first release.
"""

import django.db.models.deletion
import simple_history.models
from trafford_sv.core.migration_operations import CreateModels
import trafford_sv.directory.models.organisations
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    replaces = [('directory', '0001_initial'), ('directory', '0002_name_keys'), ('directory', '0003_plain_words')]

    initial = True

    dependencies = [
        ('core', '0001_squashed_0008_quarters_that_the_demo_closed'),
    ]

    operations = [
        CreateModels(
            models=[migrations.CreateModel(
                name='Area',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('code', models.CharField(max_length=9)),
                    ('boundary_year', models.PositiveSmallIntegerField()),
                    ('name', models.CharField(max_length=120)),
                    ('kind', models.CharField(choices=[('ward', 'Ward'), ('local_authority', 'Local authority'), ('combined_authority', 'Combined authority')], max_length=20)),
                    ('parent', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='children', to='directory.area')),
                    ('geometry', models.JSONField(blank=True, help_text='GeoJSON Polygon or MultiPolygon', null=True)),
                    ('longitude', models.DecimalField(blank=True, decimal_places=6, max_digits=9, null=True)),
                    ('latitude', models.DecimalField(blank=True, decimal_places=6, max_digits=9, null=True)),
                ],
                options={
                    'ordering': ['name', 'boundary_year'],
                    'constraints': [models.UniqueConstraint(fields=('code', 'boundary_year'), name='an_area_is_its_code_and_boundary_year')],
                },
            ), migrations.CreateModel(
                name='Postcode',
                fields=[
                    ('postcode', models.CharField(max_length=7, primary_key=True, serialize=False)),
                    ('la_code', models.CharField(max_length=9)),
                    ('ward', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='directory.area')),
                    ('longitude', models.DecimalField(blank=True, decimal_places=6, max_digits=9, null=True)),
                    ('latitude', models.DecimalField(blank=True, decimal_places=6, max_digits=9, null=True)),
                    ('source', models.CharField(max_length=60)),
                ],
            ), migrations.CreateModel(
                name='PostcodeSector',
                fields=[
                    ('sector', models.CharField(max_length=6, primary_key=True, serialize=False)),
                    ('la_code', models.CharField(max_length=9)),
                    ('share', models.DecimalField(decimal_places=4, max_digits=5)),
                ],
            ), migrations.CreateModel(
                name='Organisation',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('version', models.PositiveIntegerField(default=1, editable=False)),
                    ('name', models.CharField(max_length=300)),
                    ('name_key', trafford_sv.directory.models.organisations.NameKeyField(db_index=True, default='', editable=False, max_length=320)),
                    ('legal_name', models.CharField(blank=True, max_length=300)),
                    ('size', models.CharField(choices=[('unknown', 'Not known'), ('micro', 'Micro (under 10 people)'), ('small', 'Small (10 to 49)'), ('medium', 'Medium (50 to 249)'), ('sme', 'Small or medium, not said which'), ('large', 'Large (250 or more)')], default='unknown', max_length=10)),
                    ('is_voluntary', models.BooleanField(blank=True, null=True, verbose_name='voluntary, community or social enterprise')),
                    ('address', models.TextField(blank=True)),
                    ('postcode', models.CharField(blank=True, max_length=8)),
                    ('website', models.URLField(blank=True)),
                    ('note', models.TextField(blank=True)),
                    ('opening_hours', models.TextField(blank=True)),
                    ('ward', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='organisations', to='directory.area')),
                    ('la_code', models.CharField(blank=True, max_length=9)),
                    ('locality', models.CharField(choices=[('trafford', 'Trafford'), ('greater_manchester', 'Rest of Greater Manchester'), ('elsewhere', 'Elsewhere'), ('unknown', 'Location unknown')], default='unknown', max_length=20)),
                    ('location_precision', models.CharField(choices=[('exact', 'Exact postcode'), ('approximate', 'Approximate, from the postcode sector'), ('stated', 'Stated by an officer'), ('unknown', 'Unknown')], default='unknown', max_length=12)),
                    ('is_demo', models.BooleanField(default=False)),
                    ('merged_into', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='absorbed', to='directory.organisation')),
                ],
                options={
                    'ordering': ['name', 'pk'],
                    'indexes': [models.Index(fields=['name'], name='directory_o_name_65985c_idx'), models.Index(fields=['locality'], name='directory_o_localit_f1db9d_idx')],
                },
            ), migrations.CreateModel(
                name='HistoricalOrganisation',
                fields=[
                    ('id', models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name='ID')),
                    ('version', models.PositiveIntegerField(default=1, editable=False)),
                    ('name', models.CharField(max_length=300)),
                    ('name_key', trafford_sv.directory.models.organisations.NameKeyField(db_index=True, default='', editable=False, max_length=320)),
                    ('legal_name', models.CharField(blank=True, max_length=300)),
                    ('size', models.CharField(choices=[('unknown', 'Not known'), ('micro', 'Micro (under 10 people)'), ('small', 'Small (10 to 49)'), ('medium', 'Medium (50 to 249)'), ('sme', 'Small or medium, not said which'), ('large', 'Large (250 or more)')], default='unknown', max_length=10)),
                    ('is_voluntary', models.BooleanField(blank=True, null=True, verbose_name='voluntary, community or social enterprise')),
                    ('address', models.TextField(blank=True)),
                    ('postcode', models.CharField(blank=True, max_length=8)),
                    ('website', models.URLField(blank=True)),
                    ('note', models.TextField(blank=True)),
                    ('opening_hours', models.TextField(blank=True)),
                    ('la_code', models.CharField(blank=True, max_length=9)),
                    ('locality', models.CharField(choices=[('trafford', 'Trafford'), ('greater_manchester', 'Rest of Greater Manchester'), ('elsewhere', 'Elsewhere'), ('unknown', 'Location unknown')], default='unknown', max_length=20)),
                    ('location_precision', models.CharField(choices=[('exact', 'Exact postcode'), ('approximate', 'Approximate, from the postcode sector'), ('stated', 'Stated by an officer'), ('unknown', 'Unknown')], default='unknown', max_length=12)),
                    ('is_demo', models.BooleanField(default=False)),
                    ('ward', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='directory.area')),
                    ('merged_into', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='directory.organisation')),
                    ('history_id', models.AutoField(primary_key=True, serialize=False)),
                    ('history_date', models.DateTimeField(db_index=True)),
                    ('history_change_reason', models.TextField(null=True)),
                    ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                    ('history_user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ],
                options={
                    'verbose_name': 'historical organisation',
                    'verbose_name_plural': 'historical organisations',
                    'ordering': ('-history_date', '-history_id'),
                    'get_latest_by': ('history_date', 'history_id'),
                },
                bases=(simple_history.models.HistoricalChanges, models.Model),
            ), migrations.CreateModel(
                name='OrganisationKind',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('organisation', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='kinds', to='directory.organisation')),
                    ('kind', models.CharField(choices=[('council_service', 'Council service'), ('public_body', 'Public body'), ('supplier', 'Supplier'), ('partner', 'Partner'), ('voluntary', 'Voluntary or community organisation'), ('school', 'School or college'), ('hub', 'Community hub')], max_length=20)),
                ],
                options={
                    'verbose_name': 'kind of organisation',
                    'verbose_name_plural': 'kinds of organisation',
                    'ordering': ['kind'],
                    'constraints': [models.UniqueConstraint(fields=('organisation', 'kind'), name='a_kind_is_said_once')],
                },
            ), migrations.CreateModel(
                name='Identifier',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('organisation', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='identifiers', to='directory.organisation')),
                    ('scheme', models.CharField(choices=[('GB-COH', 'Company number'), ('GB-CHC', 'Charity number'), ('GB-VAT', 'VAT number'), ('GB-PPON', 'Public procurement organisation number'), ('GB-CFS', 'Contracts Finder id'), ('spend', 'Payee number in a spending file'), ('other', "Other source's id")], max_length=20)),
                    ('value', models.CharField(max_length=80)),
                    ('source', models.CharField(blank=True, max_length=120)),
                ],
                options={
                    'ordering': ['scheme', 'value'],
                    'constraints': [models.UniqueConstraint(condition=models.Q(('scheme__in', ['GB-VAT', 'other', 'spend']), _negated=True), fields=('scheme', 'value'), name='an_identifier_names_one_organisation'), models.UniqueConstraint(fields=('organisation', 'scheme', 'value'), name='an_identifier_is_held_once')],
                },
            ), migrations.CreateModel(
                name='OrganisationAlias',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('organisation', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='aliases', to='directory.organisation')),
                    ('name', models.CharField(max_length=300)),
                    ('key', trafford_sv.directory.models.organisations.NameKeyField(db_index=True, default='', editable=False, max_length=320)),
                    ('source', models.CharField(blank=True, max_length=120)),
                ],
                options={
                    'verbose_name': 'other name',
                    'ordering': ['name'],
                    'constraints': [models.UniqueConstraint(fields=('organisation', 'key'), name='an_alias_is_kept_once')],
                },
            ), migrations.CreateModel(
                name='OrganisationMerge',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('kept', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='merges_kept', to='directory.organisation')),
                    ('absorbed', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='merges_absorbed', to='directory.organisation')),
                    ('moved', models.JSONField(help_text='[{"model": "app.Model", "field": "...", "pks": [...], "removed": [...]}]')),
                    ('reason', models.TextField()),
                    ('merged_at', models.DateTimeField()),
                    ('merged_by_name', models.CharField(max_length=200)),
                    ('undone_at', models.DateTimeField(blank=True, null=True)),
                    ('undone_by_name', models.CharField(blank=True, max_length=200)),
                ],
                options={
                    'ordering': ['-merged_at'],
                },
            ), migrations.CreateModel(
                name='HistoricalRoleGrant',
                fields=[
                    ('id', models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name='ID')),
                    ('version', models.PositiveIntegerField(default=1, editable=False)),
                    ('role', models.CharField(choices=[('administrator', 'Administrator'), ('coordinator', 'Social value co-ordinator'), ('contract_manager', 'Contract manager'), ('star_officer', 'STAR procurement officer'), ('steering_member', 'Steering Group member'), ('steering_chair', 'Steering Group chair'), ('supplier', 'Supplier'), ('hub', 'Community hub'), ('auditor', 'Auditor')], max_length=20)),
                    ('starts', models.DateField()),
                    ('ends', models.DateField(blank=True, null=True)),
                    ('granted_by_name', models.CharField(max_length=200)),
                    ('user', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ('organisation', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='directory.organisation')),
                    ('history_id', models.AutoField(primary_key=True, serialize=False)),
                    ('history_date', models.DateTimeField(db_index=True)),
                    ('history_change_reason', models.TextField(null=True)),
                    ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                    ('history_user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ],
                options={
                    'verbose_name': 'historical role grant',
                    'verbose_name_plural': 'historical role grants',
                    'ordering': ('-history_date', '-history_id'),
                    'get_latest_by': ('history_date', 'history_id'),
                },
                bases=(simple_history.models.HistoricalChanges, models.Model),
            ), migrations.CreateModel(
                name='RoleGrant',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('version', models.PositiveIntegerField(default=1, editable=False)),
                    ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='grants', to=settings.AUTH_USER_MODEL)),
                    ('role', models.CharField(choices=[('administrator', 'Administrator'), ('coordinator', 'Social value co-ordinator'), ('contract_manager', 'Contract manager'), ('star_officer', 'STAR procurement officer'), ('steering_member', 'Steering Group member'), ('steering_chair', 'Steering Group chair'), ('supplier', 'Supplier'), ('hub', 'Community hub'), ('auditor', 'Auditor')], max_length=20)),
                    ('organisation', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='grants', to='directory.organisation')),
                    ('starts', models.DateField()),
                    ('ends', models.DateField(blank=True, null=True)),
                    ('granted_by_name', models.CharField(max_length=200)),
                ],
                options={
                    'ordering': ['user', 'role'],
                    'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('role__in', ['contract_manager', 'supplier', 'hub']), _negated=True), ('organisation__isnull', False), _connector='OR'), name='a_limited_role_names_its_organisation'), models.CheckConstraint(condition=models.Q(('ends__isnull', True), ('ends__gte', models.F('starts')), _connector='OR'), name='a_grant_ends_after_it_starts')],
                },
            )],
        ),
    ]
