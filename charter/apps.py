"""The app's name for Django."""

from django.apps import AppConfig


class CharterConfig(AppConfig):
    name = "charter"
    label = "charter"
    verbose_name = "Charter"
