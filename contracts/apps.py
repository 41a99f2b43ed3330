"""The app's name for Django, and the reference data it brings."""

from django.apps import AppConfig


class ContractsConfig(AppConfig):
    name = "contracts"
    label = "contracts"
    verbose_name = "Contracts"

    def ready(self) -> None:
        from charter.sections import register_case_study_section
        from community_needs.sections import register_hub_needs, register_need_section
        from trafford_sv.core.closing import register_closing_step
        from trafford_sv.core.flags import FlagHandler, register_flag_handler
        from trafford_sv.core.importing import register
        from trafford_sv.core.reference_data import register_loader
        from trafford_sv.directory.sections import register_section

        from .imports.contracts_finder import ContractsFinderImporter
        from .imports.contracts_table import ContractsTableImporter
        from .imports.measures import MeasuresImporter
        from .imports.ocds import OcdsImporter
        from .imports.spend import SpendImporter
        from .measure_sections import register_measure_section
        from .services.delivery_sums import sum_closed_quarter
        from .services.measures.reference import load_open_library, load_open_rates
        from .services.priority_fits import link_principles, load_priority_fits
        from .services.reference import load_cpv_codes, load_threshold_rules
        from .services.spend.exclusions import load_exclusions
        from .views.need_section import hub_waits, offers_section
        from .views.organisation_section import contracts_section
        from .views.position_sections import measure_position, organisation_position
        from .views.story_links import story_section

        register_closing_step(
            "sums of deliveries",
            lambda quarter, by, now: sum_closed_quarter(quarter=quarter, by=by, now=now),
        )
        register_section("contracts", contracts_section)
        register_need_section("offers", offers_section)
        register_hub_needs("offers", hub_waits)
        register_case_study_section("tells of", story_section)
        register_section("promised", organisation_position)
        register_measure_section("promised", measure_position)
        register_loader("categories", load_cpv_codes)
        register_loader("threshold rules", load_threshold_rules)
        for importer in (OcdsImporter(), ContractsFinderImporter(), ContractsTableImporter()):
            register(importer)
        register(SpendImporter())
        register(MeasuresImporter())
        register_loader("spending exclusions", load_exclusions)
        register_loader("open rates", load_open_rates)
        register_loader("open measures", load_open_library)
        register_loader("measures that fit priorities", load_priority_fits)
        register_loader("charter principles of commitments", link_principles)
        register_flag_handler("contract", FlagHandler("contract-detail", "change_contracts"))
