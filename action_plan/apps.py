"""The app's name for Django, and the reference data it brings."""

from django.apps import AppConfig


class ActionPlanConfig(AppConfig):
    name = "action_plan"
    label = "action_plan"
    verbose_name = "Action Plan"

    def ready(self) -> None:
        from charter.sections import register_adoption_section
        from trafford_sv.core.importing import register
        from trafford_sv.core.reference_data import register_loader

        from .imports.actions import ActionsImporter
        from .services.maturity.reference import load_baseline, load_starter_edition
        from .services.reference import load_starting_actions, load_themes
        from .views.adopter_section import leads_section

        register_adoption_section("leads", leads_section)
        register_loader("themes of the Action Plan", load_themes)
        register_loader("starting actions", load_starting_actions)
        register_loader("maturity index", load_starter_edition)
        register_loader("maturity baseline", load_baseline)
        register(ActionsImporter())
