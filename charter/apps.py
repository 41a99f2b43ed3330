"""The app's name for Django, and the reference data it brings."""

from django.apps import AppConfig


class CharterConfig(AppConfig):
    name = "charter"
    label = "charter"
    verbose_name = "Charter"

    def ready(self) -> None:
        from trafford_sv.core.reference_data import register_loader

        from .services.reference import load_case_studies, load_charter

        register_loader("charter", load_charter)
        register_loader("case studies", load_case_studies)
