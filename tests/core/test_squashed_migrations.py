"""An empty database gets its tables at once; one that has some of the old migrations, by those.

Both must end at the same models. What PostgreSQL refuses by itself is tried by the tests of
editions, of the audit log and of shared activities, which run on a database made at once.
"""

from __future__ import annotations

from typing import Any

from django.db.migrations.loader import MigrationLoader

OURS = {"core", "directory", "charter", "action_plan", "community_needs", "contracts", "reporting"}


def models_at_the_end(*, at_once: bool) -> dict[tuple[str, str], Any]:
    loader = MigrationLoader(None, replace_migrations=at_once)
    last = [key for key in loader.graph.leaf_nodes() if key[0] in OURS]
    if not at_once:  # the loader then holds both
        last = [key for key in last if not key[1].startswith("0001_squashed")]
    state: Any = loader.project_state(last)
    assert len(last) == len(OURS)
    return {
        key: (
            # In any order: a column that was added later stands last.
            sorted((name, repr(field.deconstruct()[1:])) for name, field in model.fields.items()),
            sorted(
                (name, sorted(map(repr, value)) if isinstance(value, list) else value)
                for name, value in model.options.items()
                if value
            ),
            [getattr(base, "__name__", base) for base in model.bases],
        )
        for key, model in state.models.items()
        if key[0] in OURS
    }


def test_both_ways_end_at_the_same_models() -> None:
    at_once, one_by_one = models_at_the_end(at_once=True), models_at_the_end(at_once=False)
    assert at_once.keys() == one_by_one.keys()
    for key, found in at_once.items():
        assert found == one_by_one[key], key
