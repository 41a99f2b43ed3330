"""The app's name for Django, and the reference data it brings."""

from django.apps import AppConfig


class CommunityNeedsConfig(AppConfig):
    name = "community_needs"
    label = "community_needs"
    verbose_name = "Community needs"

    def ready(self) -> None:
        from trafford_sv.core.reference_data import register_loader

        from .services.reference import (
            load_hubs_and_catchments,
            load_priorities,
            load_summer_2022,
        )

        register_loader("priorities", load_priorities)
        register_loader("catchments", load_hubs_and_catchments)
        register_loader("summer 2022 round", load_summer_2022)
