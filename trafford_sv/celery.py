"""The Celery application. Tasks live in each app's `tasks` module and hold no logic."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "trafford_sv.settings")

app = Celery("trafford_sv")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
