"""The app's name for Django."""

from django.apps import AppConfig


class CoreConfig(AppConfig):
    name = "trafford_sv.core"
    label = "core"
    verbose_name = "Core"
