"""The app's name for Django, and the reference data it brings."""

from django.apps import AppConfig


class ContractsConfig(AppConfig):
    name = "contracts"
    label = "contracts"
    verbose_name = "Contracts"

    def ready(self) -> None:
        from trafford_sv.core.reference_data import register_loader

        from .services.reference import load_cpv_codes, load_threshold_rules

        register_loader("categories", load_cpv_codes)
        register_loader("threshold rules", load_threshold_rules)
