"""Every table of this part as it stands after 0008, for an empty database.

Written by a program and left in its layout. The migrations it replaces stay for databases that
have some of them, until the first release.
"""

import django.db.models.deletion
import django.db.models.functions.text
import simple_history.models
from trafford_sv.core.migration_operations import CreateModels, on_postgresql
import uuid
from django.conf import settings
from django.db import migrations, models


AUDIT_EVENTS_STAY = """
CREATE OR REPLACE FUNCTION core_auditevent_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'Audit events are never changed or deleted (event %).', OLD.sequence
        USING ERRCODE = 'integrity_constraint_violation';
END;
$$;
CREATE TRIGGER core_auditevent_append_only
    BEFORE UPDATE OR DELETE ON core_auditevent
    FOR EACH ROW EXECUTE FUNCTION core_auditevent_refuse();
"""


class Migration(migrations.Migration):

    replaces = [('core', '0001_initial'), ('core', '0002_answers_to_repeated_requests'), ('core', '0003_invitations_and_api_tokens'), ('core', '0004_audit_log_is_append_only'), ('core', '0005_who_applied_an_import'), ('core', '0006_import_files_are_forgotten'), ('core', '0007_answers_beside_the_columns'), ('core', '0008_quarters_that_the_demo_closed')]

    initial = True

    dependencies = [
    ]

    operations = [
        CreateModels(
            models=[migrations.CreateModel(
                name='AuditEvent',
                fields=[
                    ('sequence', models.PositiveBigIntegerField(primary_key=True, serialize=False)),
                    ('at', models.DateTimeField(db_index=True)),
                    ('actor_id', models.PositiveBigIntegerField(null=True)),
                    ('actor_name', models.CharField(max_length=200)),
                    ('verb', models.CharField(db_index=True, max_length=80)),
                    ('subject_type', models.CharField(max_length=60)),
                    ('subject_id', models.CharField(max_length=60)),
                    ('subject_name', models.CharField(max_length=300)),
                    ('before', models.JSONField(default=dict)),
                    ('after', models.JSONField(default=dict)),
                    ('reason', models.TextField(blank=True)),
                    ('previous_hash', models.CharField(max_length=64)),
                    ('hash', models.CharField(max_length=64, unique=True)),
                ],
                options={
                    'ordering': ['-sequence'],
                    'indexes': [models.Index(fields=['subject_type', 'subject_id'], name='core_audite_subject_f1453f_idx')],
                },
            ), migrations.CreateModel(
                name='AuditHead',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('sequence', models.PositiveBigIntegerField(default=0)),
                    ('hash', models.CharField(blank=True, max_length=64)),
                ],
            ), migrations.CreateModel(
                name='ColumnMapping',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('kind', models.CharField(max_length=40)),
                    ('name', models.CharField(max_length=120)),
                    ('headings_hash', models.CharField(max_length=64)),
                    ('headings', models.JSONField()),
                    ('columns', models.JSONField(help_text='our field name -> their heading')),
                    ('used_at', models.DateTimeField()),
                    ('saved_by_name', models.CharField(max_length=200)),
                ],
                options={
                    'ordering': ['kind', 'name'],
                    'constraints': [models.UniqueConstraint(fields=('kind', 'headings_hash'), name='one_mapping_per_headings'), models.UniqueConstraint(fields=('kind', 'name'), name='one_mapping_per_name')],
                },
            ), migrations.CreateModel(
                name='DataFlag',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('subject_type', models.CharField(max_length=60)),
                    ('subject_id', models.CharField(max_length=60)),
                    ('subject_name', models.CharField(max_length=300)),
                    ('field', models.CharField(max_length=60)),
                    ('raw', models.TextField(blank=True)),
                    ('understood', models.TextField(blank=True)),
                    ('proposal', models.TextField(blank=True)),
                    ('code', models.CharField(max_length=60)),
                    ('sentence', models.TextField()),
                    ('import_run', models.UUIDField(blank=True, null=True)),
                    ('state', models.CharField(choices=[('open', 'Needs a look'), ('accepted', 'Proposal accepted'), ('dismissed', 'Left as it is')], default='open', max_length=10)),
                    ('decided_by_name', models.CharField(blank=True, max_length=200)),
                    ('decided_at', models.DateTimeField(blank=True, null=True)),
                    ('created_at', models.DateTimeField()),
                ],
                options={
                    'ordering': ['pk'],
                    'indexes': [models.Index(fields=['subject_type', 'subject_id'], name='core_datafl_subject_dfb64d_idx')],
                    'constraints': [models.UniqueConstraint(fields=('subject_type', 'subject_id', 'field', 'code', 'raw'), name='a_dirty_value_is_flagged_once')],
                },
            ), migrations.CreateModel(
                name='ClosedQuarter',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('version', models.PositiveIntegerField(default=1, editable=False)),
                    ('financial_year', models.PositiveSmallIntegerField(help_text='The year in which April falls.')),
                    ('quarter', models.PositiveSmallIntegerField(help_text='1 is April to June.')),
                    ('closed_at', models.DateTimeField()),
                    ('closed_by_name', models.CharField(max_length=200)),
                    ('reopened_at', models.DateTimeField(blank=True, null=True)),
                    ('reopened_by_name', models.CharField(blank=True, max_length=200)),
                    ('reopened_reason', models.TextField(blank=True)),
                    ('is_demo', models.BooleanField(default=False, editable=False)),
                ],
                options={
                    'ordering': ['-financial_year', '-quarter', '-closed_at'],
                    'constraints': [models.UniqueConstraint(condition=models.Q(('reopened_at__isnull', True)), fields=('financial_year', 'quarter'), name='a_quarter_is_closed_once_at_a_time'), models.CheckConstraint(condition=models.Q(('quarter__gte', 1), ('quarter__lte', 4)), name='closed_quarter_is_1_to_4')],
                },
            ), migrations.CreateModel(
                name='User',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('password', models.CharField(max_length=128, verbose_name='password')),
                    ('last_login', models.DateTimeField(blank=True, null=True, verbose_name='last login')),
                    ('version', models.PositiveIntegerField(default=1, editable=False)),
                    ('email', models.EmailField(max_length=254, unique=True, verbose_name='e-mail address')),
                    ('name', models.CharField(max_length=200, verbose_name='name')),
                    ('job_title', models.CharField(blank=True, max_length=200, verbose_name='job title')),
                    ('is_active', models.BooleanField(default=True, verbose_name='can sign in')),
                    ('joined_at', models.DateTimeField(auto_now_add=True)),
                ],
                options={
                    'ordering': ['name', 'pk'],
                    'constraints': [models.UniqueConstraint(django.db.models.functions.text.Lower('email'), name='one_account_per_mailbox')],
                },
            ), migrations.CreateModel(
                name='IdempotentAnswer',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ('key', models.CharField(max_length=200)),
                    ('request_hash', models.CharField(help_text='sha256 of method, path and body', max_length=64)),
                    ('status', models.PositiveSmallIntegerField(default=0)),
                    ('headers', models.JSONField(default=dict)),
                    ('body', models.JSONField(default=dict)),
                    ('created_at', models.DateTimeField(db_index=True)),
                ],
                options={
                    'constraints': [models.UniqueConstraint(fields=('user', 'key'), name='a_key_is_answered_once')],
                },
            ), migrations.CreateModel(
                name='ImportRun',
                fields=[
                    ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                    ('kind', models.CharField(max_length=40)),
                    ('state', models.CharField(choices=[('uploaded', 'Choose columns'), ('planning', 'Checking the file'), ('planned', 'Ready to apply'), ('applying', 'Applying'), ('applied', 'Applied'), ('refused', 'Refused'), ('cancelled', 'Cancelled')], default='uploaded', max_length=10)),
                    ('original_name', models.CharField(max_length=255)),
                    ('file', models.FileField(upload_to='imports/%Y/%m/')),
                    ('file_sha256', models.CharField(max_length=64)),
                    ('file_bytes', models.PositiveBigIntegerField()),
                    ('source_name', models.CharField(blank=True, max_length=200)),
                    ('columns', models.JSONField(default=dict)),
                    ('answers', models.JSONField(blank=True, default=dict, help_text='what the kind asks beside the columns, who said so, when')),
                    ('only_valid', models.BooleanField(default=False)),
                    ('message', models.TextField(blank=True)),
                    ('rows', models.PositiveIntegerField(default=0)),
                    ('created', models.PositiveIntegerField(default=0)),
                    ('changed', models.PositiveIntegerField(default=0)),
                    ('unchanged', models.PositiveIntegerField(default=0)),
                    ('rejected', models.PositiveIntegerField(default=0)),
                    ('facts', models.JSONField(default=dict, help_text='figures particular to this kind of import')),
                    ('progress_done', models.PositiveBigIntegerField(default=0)),
                    ('progress_total', models.PositiveBigIntegerField(default=0)),
                    ('started_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ('started_by_name', models.CharField(max_length=200)),
                    ('applied_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ('applied_by_name', models.CharField(blank=True, max_length=200)),
                    ('created_at', models.DateTimeField()),
                    ('heartbeat_at', models.DateTimeField(blank=True, null=True)),
                    ('finished_at', models.DateTimeField(blank=True, null=True)),
                    ('rejects_seen_at', models.DateTimeField(blank=True, null=True)),
                    ('file_deleted_at', models.DateTimeField(blank=True, help_text='and its stored rows', null=True)),
                ],
                options={
                    'ordering': ['-created_at'],
                    'indexes': [models.Index(fields=['kind', 'state'], name='core_import_kind_56f2f2_idx')],
                    'constraints': [models.UniqueConstraint(condition=models.Q(('state', 'applying')), fields=('kind',), name='one_import_of_a_kind_at_once')],
                },
            ), migrations.CreateModel(
                name='ImportRow',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('run', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='planned_rows', to='core.importrun')),
                    ('sheet', models.CharField(blank=True, max_length=120)),
                    ('row_number', models.PositiveIntegerField(help_text='as the spreadsheet shows it, heading = 1')),
                    ('outcome', models.CharField(choices=[('new', 'New'), ('changed', 'Changed'), ('rejected', 'Rejected')], max_length=10)),
                    ('key', models.CharField(blank=True, max_length=300)),
                    ('title', models.CharField(blank=True, max_length=300)),
                    ('raw', models.JSONField(default=dict, help_text='the cells as they came, by heading')),
                    ('values', models.JSONField(default=dict, help_text='what was understood, ready to apply')),
                    ('changes', models.JSONField(default=list, help_text='[{field, label, before, after}]')),
                    ('problems', models.JSONField(default=list, help_text='[{column, value, sentence}]')),
                    ('flags', models.JSONField(default=list, help_text='[{field, raw, understood, proposal, code, sentence}]')),
                ],
                options={
                    'ordering': ['pk'],
                    'indexes': [models.Index(fields=['run', 'outcome'], name='core_import_run_id_3f7379_idx')],
                },
            ), migrations.CreateModel(
                name='HistoricalUser',
                fields=[
                    ('id', models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name='ID')),
                    ('version', models.PositiveIntegerField(default=1, editable=False)),
                    ('email', models.EmailField(db_index=True, max_length=254, verbose_name='e-mail address')),
                    ('name', models.CharField(max_length=200, verbose_name='name')),
                    ('job_title', models.CharField(blank=True, max_length=200, verbose_name='job title')),
                    ('is_active', models.BooleanField(default=True, verbose_name='can sign in')),
                    ('joined_at', models.DateTimeField(blank=True, editable=False)),
                    ('history_id', models.AutoField(primary_key=True, serialize=False)),
                    ('history_date', models.DateTimeField(db_index=True)),
                    ('history_change_reason', models.TextField(null=True)),
                    ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                    ('history_user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ],
                options={
                    'verbose_name': 'historical user',
                    'verbose_name_plural': 'historical users',
                    'ordering': ('-history_date', '-history_id'),
                    'get_latest_by': ('history_date', 'history_id'),
                },
                bases=(simple_history.models.HistoricalChanges, models.Model),
            ), migrations.CreateModel(
                name='Invitation',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='invitations', to=settings.AUTH_USER_MODEL)),
                    ('token_hash', models.CharField(max_length=64, unique=True)),
                    ('sent_by_name', models.CharField(max_length=200)),
                    ('sent_at', models.DateTimeField()),
                    ('expires_at', models.DateTimeField()),
                    ('emailed_at', models.DateTimeField(blank=True, null=True)),
                    ('used_at', models.DateTimeField(blank=True, null=True)),
                    ('withdrawn_at', models.DateTimeField(blank=True, null=True)),
                ],
                options={
                    'ordering': ['-sent_at'],
                },
            ), migrations.CreateModel(
                name='ApiToken',
                fields=[
                    ('digest', models.CharField(max_length=128, primary_key=True, serialize=False)),
                    ('token_key', models.CharField(db_index=True, max_length=25)),
                    ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='auth_token_set', to=settings.AUTH_USER_MODEL)),
                    ('created', models.DateTimeField(auto_now_add=True)),
                    ('expiry', models.DateTimeField(blank=True, null=True)),
                    ('name', models.CharField(max_length=100, verbose_name='what it is for')),
                ],
                options={
                    'ordering': ['-created'],
                },
            )],
        ),
        migrations.RunPython(on_postgresql(AUDIT_EVENTS_STAY)),
    ]
