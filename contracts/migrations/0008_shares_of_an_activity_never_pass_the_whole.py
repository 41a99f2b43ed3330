"""On PostgreSQL the database itself refuses a share that would pass 100% of an activity.

The activity's row is locked first, so two claims at once cannot each see room for both.
SQLite runs its writers one at a time, and the service's own check is enough there.
"""

from django.db import migrations

GUARD = """
CREATE FUNCTION contracts_guard_activity_shares() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE total numeric;
BEGIN
    PERFORM 1 FROM contracts_sharedactivity WHERE id = NEW.activity_id FOR UPDATE;
    SELECT COALESCE(SUM(claimed_share), 0) INTO total
        FROM contracts_activityclaim WHERE activity_id = NEW.activity_id AND id <> NEW.id;
    IF total + NEW.claimed_share > 1 THEN
        RAISE EXCEPTION 'shares of activity % would pass the whole', NEW.activity_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'shares_never_pass_the_whole';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER contracts_activity_shares BEFORE INSERT OR UPDATE ON contracts_activityclaim
    FOR EACH ROW EXECUTE FUNCTION contracts_guard_activity_shares();
"""
UNGUARD = """
DROP TRIGGER IF EXISTS contracts_activity_shares ON contracts_activityclaim;
DROP FUNCTION IF EXISTS contracts_guard_activity_shares();
"""


def _run(statement):
    def run(apps, schema_editor):
        if schema_editor.connection.vendor == "postgresql":
            schema_editor.execute(statement, params=None)  # a per cent sign is one

    return run


class Migration(migrations.Migration):
    dependencies = [("contracts", "0007_promises_and_proof")]

    operations = [migrations.RunPython(_run(GUARD), _run(UNGUARD))]
