"""The app's name for Django, and the reference data it brings."""

from django.apps import AppConfig


class DirectoryConfig(AppConfig):
    name = "trafford_sv.directory"
    label = "directory"
    verbose_name = "Directory"

    def ready(self) -> None:
        from trafford_sv.core.flags import FlagHandler, register_flag_handler
        from trafford_sv.core.reference_data import register_loader

        from .services.flags import apply_proposal
        from .services.reference import load_areas, load_hubs, load_postcodes

        register_loader("areas", load_areas)
        register_loader("postcodes", load_postcodes)
        register_loader("hubs", load_hubs)
        register_flag_handler(
            "organisation",
            FlagHandler("organisation-detail", "change_organisations", apply_proposal),
        )
