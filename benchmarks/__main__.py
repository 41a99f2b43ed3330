"""Every benchmark, or those named, each in a process and a database of its own.

    python -m benchmarks [--rounds 60] [list_page] [dashboard] [api_list] [spend_import]

Prints one table; ends with 1 where a ratio is above its target.
"""

from __future__ import annotations

import argparse
import json
import os
import pkgutil
import subprocess
import sys
from dataclasses import asdict
from importlib import import_module
from pathlib import Path

HERE = Path(__file__).parent
SUPPORT = {"__main__", "base", "by_hand", "mail_taker", "rows"}
# It measures memory too, in many processes, and needs PostgreSQL; it prints its own table.
ON_ITS_OWN = "spend_import"


def names() -> list[str]:
    found = {module.name for module in pkgutil.iter_modules([str(HERE)]) if not module.ispkg}
    return sorted(found - SUPPORT)


def one(name: str, rounds: int) -> int:
    """Measures in this process; each result is a line of JSON."""
    # First of all, because it sets Django up.
    from benchmarks.base import BESIDE, own_database

    module = import_module(f"benchmarks.{name}")
    with own_database(), BESIDE:
        for result in module.measure(rounds):
            print(json.dumps(asdict(result)), flush=True)
    return 0


def all_of(chosen: list[str], rounds: int) -> int:
    from benchmarks.base import Result, database_name

    print(f"Milliseconds, medians; on {database_name()}\n")
    print(f"{'':48}{'ours':>9}{'by hand':>9}{'ratio':>7}{'target':>8}{'queries':>9}")
    good = True
    for name in chosen:
        if name == ON_ITS_OWN:
            continue
        process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks", "--one", name, "--rounds", str(rounds)],
            stdout=subprocess.PIPE,
            text=True,
        )
        for line in process.stdout or ():
            if not line.startswith("{"):
                print(line, end="", flush=True)
                continue
            result = Result(**json.loads(line))
            good &= result.is_good
            cells = (
                f"{result.ours:9.1f}",
                f"{'' if result.by_hand is None else format(result.by_hand, '.1f'):>9}",
                f"{'' if result.ratio is None else format(result.ratio, '.2f'):>7}",
                f"{'' if result.target is None else format(result.target, 'g'):>8}",
                f"{'' if result.queries is None else result.queries:>9}",
            )
            mark = "" if result.is_good else "  above its target"
            print(f"{result.name:48}{''.join(cells)}{mark}", flush=True)
        good &= process.wait() == 0
    if ON_ITS_OWN in chosen:
        good &= spending()
    return 0 if good else 1


def spending() -> bool:
    print("\nHow fast spending comes in")
    if not os.environ.get("DATABASE_URL", "").startswith("postgres"):
        print("  Not measured: DATABASE_URL must name a PostgreSQL database.")
        return True
    sys.stdout.flush()
    return (
        subprocess.run([sys.executable, str(HERE / f"{ON_ITS_OWN}.py")], check=False).returncode
        == 0
    )


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", help=f"of {', '.join(names())}; all unless named")
    parser.add_argument("--rounds", type=int, default=60, help="turns of each pair (60)")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.one:
        return one(chosen.one, chosen.rounds)
    if unknown := sorted(set(chosen.names) - set(names())):
        parser.error(f"There is no benchmark called {', '.join(unknown)}.")
    return all_of(chosen.names or names(), chosen.rounds)


if __name__ == "__main__":
    sys.exit(main())
