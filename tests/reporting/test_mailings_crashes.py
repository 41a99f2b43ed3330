"""A process that dies at any point of sending: nobody gets a report twice, nobody is lost unseen.

The same drill on PostgreSQL, with the processes really killed, is in `tests/services`.
"""

from __future__ import annotations

import os
import random
from collections import Counter
from typing import Any

import pytest

from reporting.models import LateNudge
from tests.factories import make_user

from . import mail_crashes
from .mailings import a_report, make_edition, make_line, make_reader

# One worker runs the whole drill, so that its deaths can be counted.
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("deaths")]
ADDRESSES = [f"r{number}@example.org" for number in range(3)]
SCENES: dict[str, dict[str, list[str]]] = {
    "all is well": {},
    "one is refused at first": {ADDRESSES[1]: ["refuses"]},
    "the line breaks": {ADDRESSES[1]: ["breaks"], ADDRESSES[2]: ["takes and breaks"]},
    "all at once": {
        ADDRESSES[0]: ["refuses", "refuses"],
        ADDRESSES[1]: ["takes and breaks"],
        ADDRESSES[2]: ["refuses", "breaks"],
    },
}


@pytest.fixture
def readers(settings: Any) -> Any:
    settings.EMAIL_BACKEND = mail_crashes.BACKEND
    with a_report() as held:
        make_edition(held)
        make_line()
        for address in ADDRESSES:
            make_reader(email=address)
        yield


# With every test on PostgreSQL together more than a thousand deaths: each point of each scene once,
# and pairs of points. `make test` takes fewer pairs.
DEATHS: Counter[str] = Counter()
IS_WHOLE = os.environ.get("WALK") == "product"
PAIRS_A_SEED, DEATHS_AT_LEAST = (130, 200) if IS_WHOLE else (20, 30)


@pytest.mark.parametrize("scene", SCENES)
def test_dying_at_each_point_once(readers: Any, scene: str) -> None:
    moods = SCENES[scene]
    points = mail_crashes.points_of(moods)
    assert points >= 40  # fewer on PostgreSQL, which needs fewer statements
    for dies_at in range(1, points + 1):
        assert mail_crashes.drill(moods, dies_at) == 1, (dies_at, points)
        DEATHS[scene] += 1


@pytest.mark.parametrize("seed", range(4))
def test_dying_again_while_being_restarted(readers: Any, seed: int) -> None:
    chance = random.Random(seed)
    moods = list(SCENES.values())[seed]
    points = mail_crashes.points_of(moods)
    deaths = 0
    for _ in range(PAIRS_A_SEED):
        first, second = chance.randint(1, points), chance.randint(1, 40)
        deaths += mail_crashes.drill(moods, first, again_at=second)
    assert deaths >= DEATHS_AT_LEAST
    DEATHS[f"pairs {seed}"] += deaths


def test_dying_at_each_point_of_saying_that_a_report_is_late(settings: Any) -> None:
    settings.EMAIL_BACKEND = mail_crashes.BACKEND
    with a_report():
        make_line()
        people = [make_user("coordinator") for _ in range(2)]
        mail_crashes.drill_late(0)
        assert set(mail_crashes.World.taken) == {one.email for one in people}
        LateNudge.objects.all().delete()
        points = mail_crashes.run_late().points
        assert points >= 20
        for dies_at in range(1, points + 1):
            assert mail_crashes.drill_late(dies_at) == 1, (dies_at, points)


def test_the_deaths_were_more_than_a_thousand() -> None:
    """Counted, not worked out: where the whole drill ran before, in this process."""
    if len(DEATHS) < len(SCENES) + 4:
        pytest.skip("Only a part of the drill ran in this process.")
    print(f"{DEATHS.total():,} simulated deaths, none lost and none sent twice: {dict(DEATHS)}")
    assert DEATHS.total() >= (1_000 if IS_WHOLE else 300)
