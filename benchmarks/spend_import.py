"""How fast and how lean spending comes in, as ratios measured in one run on this machine.

    python benchmarks/spend_import.py [FILE] [--rows N]

PostgreSQL is named by DATABASE_URL; the benchmark makes a database of its own beside it and
drops it. FILE is a published spending file as CSV or a zip of one; where there is none, a file
of the same shape is made up. Each measurement is a process of its own, so that peak memory
is its own too. Exit code 1 when a target is missed.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DEFAULT = ROOT.parent / "shared" / "data" / "spend" / "trafford-supplier-spend-2025-26.zip"
YARDSTICK_ROWS = 20_000
TARGETS = {
    "of a bare typed COPY": 0.4,
    "of a typed COPY into a table keyed like payments": 0.4,
    "times django-import-export": 50.0,
}
MOST_MEGABYTES = 200
COLUMNS = {
    "organisation": "text", "uri": "text", "effective": "date", "unit": "text", "payee": "text",
    "number": "text", "paid_on": "date", "transaction": "text", "amount": "numeric(14,2)",
    "vat_amount": "numeric(14,2)", "purpose": "text", "label": "text", "code": "text",
    "invoice": "text", "centre": "text", "vat": "text",
}  # fmt: skip


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("file", nargs="?", type=Path, default=DEFAULT)
    parser.add_argument("--rows", type=int, default=241_764, help="of a made-up file")
    parser.add_argument("--rounds", type=int, default=3, help="the best of so many counts")
    parser.add_argument("--step", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.step:
        print(json.dumps(STEPS[options.step](options.file)))
        return 0
    with tempfile.TemporaryDirectory(prefix="spend-benchmark-") as folder:
        return compare(Path(folder), options)


def compare(folder: Path, options: argparse.Namespace) -> int:
    whole = as_csv(options.file, folder, options.rows)
    double, part = folder / "double.csv", folder / "part.csv"
    with whole.open("rb") as file, double.open("wb") as twice, part.open("wb") as first:
        # Line by line: a child's peak memory begins at what its parent holds.
        heading = file.readline()
        twice.write(heading)
        first.write(heading)
        for number, line in enumerate(file):
            twice.write(line)
            if number < YARDSTICK_ROWS:
                first.write(line)
        file.seek(len(heading))
        shutil.copyfileobj(file, twice)
    print(f"{whole.name}: {whole.stat().st_size / 1e6:.0f} MB; the best of {options.rounds} rounds")
    with own_database() as url:
        bare = best([run("copy", whole, url) for _ in range(options.rounds)])
        keyed = best([run("keyed", whole, url) for _ in range(options.rounds)])
        ours = best([run("ours", whole, url) for _ in range(options.rounds)])
        ours_double = run("ours", double, url)
        yardstick = run("yardstick", part, url)
    for name, row in (
        ("bare typed COPY, no key and no index", bare),
        ("typed COPY into a table keyed like payments", keyed),
        ("ours: checked, staged, upserted, rolled up", ours),
        ("ours, the file twice over", ours_double),
        (f"django-import-export, {YARDSTICK_ROWS:,} lines", yardstick),
    ):
        print(
            f"  {name:<46}{row['rows'] / row['seconds']:>10,.0f} rows/s {row['seconds']:>8.2f} s"
            f" {row['megabytes']:>7.0f} MB"
        )
    rate = ours["rows"] / ours["seconds"]
    ratios = {
        "of a bare typed COPY": rate / (bare["rows"] / bare["seconds"]),
        "of a typed COPY into a table keyed like payments": rate
        / (keyed["rows"] / keyed["seconds"]),
        "times django-import-export": rate / (yardstick["rows"] / yardstick["seconds"]),
    }
    good = True
    for name, ratio in ratios.items():
        met = ratio >= TARGETS[name]
        good &= met
        print(f"  {ratio:.2f} {name} (target {TARGETS[name]:g}): {'met' if met else 'MISSED'}")
    lean = max(ours["megabytes"], ours_double["megabytes"]) < MOST_MEGABYTES
    flat = ours_double["megabytes"] < ours["megabytes"] * 1.1 + 5
    print(f"  peak memory under {MOST_MEGABYTES} MB: {'met' if lean else 'MISSED'}; "
          f"flat as the file doubles: {'met' if flat else 'MISSED'}")  # fmt: skip
    return 0 if good and lean and flat else 1


def best(rows: list[dict[str, float]]) -> dict[str, float]:
    return min(rows, key=lambda row: row["seconds"])


def run(step: str, file: Path, url: str) -> dict[str, float]:
    environment = {
        **os.environ,
        "DATABASE_URL": url,
        "DEPLOYMENT": "test",
        "VAR_DIR": str(file.parent / "var"),
    }
    done = subprocess.run(
        [sys.executable, __file__, str(file), "--step", step],
        env=environment, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    return json.loads(done.stdout.splitlines()[-1])


class own_database:
    """A fresh, migrated database beside the one that DATABASE_URL names."""

    def __enter__(self) -> str:
        import psycopg2

        base = os.environ.get("DATABASE_URL", "postgres://postgres@127.0.0.1:5432/postgres")
        self.name = f"benchmark_{os.getpid()}"
        self.server = psycopg2.connect(base)
        self.server.autocommit = True
        with self.server.cursor() as cursor:
            cursor.execute(f'CREATE DATABASE "{self.name}"')
        url = f"{base.rsplit('/', 1)[0]}/{self.name}"
        environment = {**os.environ, "DATABASE_URL": url, "DEPLOYMENT": "test"}
        subprocess.run(
            [sys.executable, "manage.py", "migrate", "-v0"], env=environment, cwd=ROOT, check=True
        )
        return url

    def __exit__(self, *error: object) -> None:
        with self.server.cursor() as cursor:
            cursor.execute(f'DROP DATABASE "{self.name}" WITH (FORCE)')
        self.server.close()


def as_csv(file: Path, folder: Path, rows: int) -> Path:
    if not file.exists():
        return made_up(folder / "made-up.csv", rows)
    if file.suffix != ".zip":
        return file
    with zipfile.ZipFile(file) as archive:
        name = next(name for name in archive.namelist() if name.endswith(".csv"))
        return Path(archive.extract(name, folder))


def made_up(path: Path, rows: int) -> Path:
    """The shape of a council's year: few payees, many identical lines, some refunds."""
    chance = random.Random(1)
    days = [f"2025-{month:02d}-{day:02d}" for month in range(4, 13) for day in range(1, 29)]
    payees = [f"Invented Supplier {number} Ltd" for number in range(2400)]
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(
            "OrganisationLabel OrganisationURI EffectiveDate OrganisationalUnit BeneficiaryName "
            "BeneficiaryOtherID PaymentDate TransactionNumber Amount IrrecoverableVATAmount Purpose "
            "ProclassLabel ProclassCode InvoiceNumber ProfitCentre VATRegistrationNumber".split()
        )
        for number in range(rows):
            payee = min(int(chance.expovariate(1 / 200)), 2399)
            writer.writerow([
                "Trafford Council (invented)", "https://example.org/id/metropolitan-district-council/invented",
                "2026-03-31", f"UNIT {payee % 880}", payees[payee], payee, chance.choice(days),
                5_100_000_000 + number // 4, f"{chance.choice([158.48, 79.24, -20.0, chance.random() * 5000]):.2f}",
                "0.00", f"PURPOSE {payee % 300}", f"CATEGORY {payee % 217}", f"{payee % 217:06d}", number // 6, payee % 900, "NA",
            ])  # fmt: skip
    return path


# --- one measurement in one process ---------------------------------------------------------


def _setup() -> None:
    sys.path.insert(0, str(ROOT))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "trafford_sv.settings")
    import django

    django.setup()


def _megabytes() -> float:
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _copy_keyed(file: Path) -> dict[str, float]:
    """The same into a table that has a primary key and three indexes, as payments have."""
    return _copy(file, keyed=True)


def _copy(file: Path, *, keyed: bool = False) -> dict[str, float]:
    """The server reads the file into typed columns, and nothing else happens."""
    import psycopg2

    connection = psycopg2.connect(os.environ["DATABASE_URL"])
    with connection, connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS bare")
        columns = ", ".join(f"{name} {kind}" for name, kind in COLUMNS.items())
        cursor.execute(
            f"CREATE TABLE bare ({'id bigserial PRIMARY KEY, ' if keyed else ''}{columns})"
        )
        for column in ("payee", "paid_on", "transaction") if keyed else ():
            cursor.execute(f"CREATE INDEX ON bare ({column})")
    started = time.perf_counter()
    with connection, connection.cursor() as cursor, file.open("rb") as stream:
        cursor.copy_expert(
            f"COPY bare ({', '.join(COLUMNS)}) FROM STDIN WITH (FORMAT csv, HEADER)",
            stream,
            size=1 << 17,
        )
    seconds = time.perf_counter() - started
    with connection, connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM bare")
        rows = cursor.fetchone()[0]
        cursor.execute("DROP TABLE bare")
    return {"rows": rows, "seconds": seconds, "megabytes": _megabytes()}


def _ours(file: Path) -> dict[str, float]:
    """What the import page does between the upload and the last word: check, then apply."""
    _setup()
    from django.db import connection
    from django.utils import timezone

    from trafford_sv.core.models import ImportRun
    from trafford_sv.core.services import imports

    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE contracts_spendsource, contracts_payment CASCADE")
    ImportRun.objects.all().delete()
    now = timezone.now()
    with file.open("rb") as stream:
        run = imports.upload_file(kind="spend", file=stream, name=file.name, by=None, now=now)
    run = imports.queue_planning(run=run, by=None, now=now)
    started = time.perf_counter()
    run = imports.plan_run(run=run, by=None, now=now)
    if run.state != ImportRun.State.PLANNED:
        raise SystemExit(run.message)
    planned = time.perf_counter() - started
    run = imports.apply_run(run=run, only_valid=True, by=None, now=now)
    return {
        "rows": run.rows,
        "seconds": time.perf_counter() - started,
        "planned": planned,
        "megabytes": _megabytes(),
    }


def _yardstick(file: Path) -> dict[str, float]:
    """django-import-export as its own guide writes it: a resource over the model, dry run off."""
    _setup()
    import tablib
    from django.conf import settings
    from django.db import connection, models

    settings.INSTALLED_APPS.append("import_export")
    from import_export import fields, resources

    class BenchmarkPayment(models.Model):
        payee = models.CharField(max_length=300)
        paid_on = models.DateField()
        amount = models.DecimalField(max_digits=14, decimal_places=2)
        code = models.CharField(max_length=40, blank=True)
        unit = models.CharField(max_length=200, blank=True)
        transaction = models.CharField(max_length=60, blank=True)
        purpose = models.CharField(max_length=300, blank=True)

        class Meta:
            app_label = "contracts"
            managed = False

    with connection.schema_editor() as editor:
        editor.create_model(BenchmarkPayment)

    class PaymentResource(resources.ModelResource):
        payee = fields.Field("payee", "BeneficiaryName")
        paid_on = fields.Field("paid_on", "PaymentDate")
        amount = fields.Field("amount", "Amount")
        code = fields.Field("code", "ProclassCode")
        unit = fields.Field("unit", "OrganisationalUnit")
        transaction = fields.Field("transaction", "TransactionNumber")
        purpose = fields.Field("purpose", "Purpose")

        class Meta:
            model = BenchmarkPayment
            import_id_fields: tuple[str, ...] = ()
            clean_model_instances = True

    started = time.perf_counter()
    data = tablib.Dataset().load(file.read_text(encoding="utf-8-sig"), format="csv")
    result = PaymentResource().import_data(data, dry_run=False, raise_errors=True)
    seconds = time.perf_counter() - started
    with connection.schema_editor() as editor:
        editor.delete_model(BenchmarkPayment)
    return {"rows": result.total_rows, "seconds": seconds, "megabytes": _megabytes()}


STEPS = {"copy": _copy, "keyed": _copy_keyed, "ours": _ours, "yardstick": _yardstick}

if __name__ == "__main__":
    sys.exit(main())
