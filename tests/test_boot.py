"""The product starts, in the tests' own world."""

from __future__ import annotations

import pytest
from django.conf import settings
from django.contrib.auth import get_user_model


def test_tests_never_touch_the_checkouts_own_data():
    assert settings.DEPLOYMENT == "test"
    assert not settings.VAR_DIR.is_relative_to(settings.BASE_DIR)


@pytest.mark.django_db
def test_the_database_answers():
    assert get_user_model().objects.count() == 0
