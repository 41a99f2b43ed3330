"""The app's name for Django."""

from django.apps import AppConfig


class DirectoryConfig(AppConfig):
    name = "trafford_sv.directory"
    label = "directory"
    verbose_name = "Directory"
