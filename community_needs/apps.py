"""The app's name for Django."""

from django.apps import AppConfig


class CommunityNeedsConfig(AppConfig):
    name = "community_needs"
    label = "community_needs"
    verbose_name = "Community needs"
