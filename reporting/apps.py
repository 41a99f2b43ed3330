"""The app's name for Django, and the reference data it brings."""

from django.apps import AppConfig


class ReportingConfig(AppConfig):
    name = "reporting"
    label = "reporting"
    verbose_name = "Reporting"

    def ready(self) -> None:
        from .services.closing import register_checks

        register_checks()

        from action_plan.offered_figures import register_figures
        from trafford_sv.core.closing import register_closing_step
        from trafford_sv.core.reference_data import register_loader

        from .editions import EditionKind, register_check, register_kind
        from .selectors.annual import gather_annual
        from .selectors.committee import gather_committee
        from .selectors.offered_figures import offered_names, read_offered
        from .selectors.star_checks import star_report_checks
        from .selectors.star_quarterly import gather_star_quarterly
        from .selectors.steering_edition import gather_steering_edition
        from .services.reference import load_published_figures, load_star_measures
        from .services.star_readings import record_at_closing

        register_figures(offered_names, read_offered)
        register_loader("star measures", load_star_measures)
        register_closing_step("measures", record_at_closing)
        register_loader("published figures", load_published_figures)
        register_check("measures of the STAR report", star_report_checks)
        register_kind(
            EditionKind(
                key="star-quarterly",
                name="STAR quarterly report",
                noun="STAR report",
                about="The five measures with trend and target, and the quarter behind them.",
                is_public=True,
                counts_to_date=True,  # measures since the beginning or the year; trends
                gather=gather_star_quarterly,
            )
        )
        register_kind(
            EditionKind(
                key="steering-pack",
                name="Steering Group pack",
                noun="pack of the Steering Group",
                about="The public version of what the Group reviewed: agenda, plan, value, needs.",
                is_public=True,
                needs_closed=False,
                gather=gather_steering_edition,
            )
        )
        register_kind(
            EditionKind(
                key="annual",
                name="Annual report",
                noun="annual report",
                counts_to_date=True,  # reported and verified to date
                gather=gather_annual,
                is_public=True,
                is_yearly=True,
                document_template="documents/annual.html",
                prints_every_figure=False,
                about="What a year of social value came to, for councillors and residents.",
            )
        )
        register_kind(
            EditionKind(
                key="committee-paper",
                name="Committee paper",
                noun="committee paper",
                counts_to_date=True,  # reported and verified to date, and in the year so far
                gather=gather_committee,
                is_public=True,
                document_template="documents/committee.html",
                prints_every_figure=False,
                about="An officer’s words in the Council’s layout, with the figures of a quarter.",
            )
        )
