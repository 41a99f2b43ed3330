"""Pages for anyone: what this is, and the promises the site makes about itself."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from trafford_sv.core.parts import Table
from trafford_sv.core.views_base import PublicView

from ..selectors.privacy import kept_of_visitors


class Home(PublicView):
    """The public front door."""

    def get(self, request: HttpRequest) -> HttpResponse:
        return render(
            request, "reporting/home.html", {"steps": GOLDEN_THREAD, "principles": PRINCIPLES}
        )


class Accessibility(PublicView):
    def get(self, request: HttpRequest) -> HttpResponse:
        return render(
            request,
            "reporting/accessibility.html",
            {"breadcrumbs": [("Home", "/"), ("Accessibility", None)]},
        )


class Privacy(PublicView):
    def get(self, request: HttpRequest) -> HttpResponse:
        return render(
            request,
            "reporting/privacy.html",
            {
                "breadcrumbs": [("Home", "/"), ("Privacy", None)],
                "import_file_days": settings.IMPORT_FILE_DAYS,
                "kept": Table(
                    "What is kept, and for how long",
                    ("When", "What, and why", "How long"),
                    [(one.when, one.what, one.how_long) for one in kept_of_visitors()],
                    is_stacked=True,
                ),
            },
        )


# Each step of the chain that every figure can be walked along, in words for a resident.
GOLDEN_THREAD = (
    ("Need", "A community hub says what people nearby are short of."),
    ("Promise", "A company that wins a council contract promises something that answers it."),
    ("Proof", "The company shows what it did, and the people it helped confirm it."),
    ("Report", "The council publishes what was proven, and how it was counted."),
)

# Paragraph 5.1 of the report to the Executive of 24 October 2022, which says "these include".
PRINCIPLES = (
    "All our residents will have access to quality learning, training and jobs",
    "All our communities will be happy, healthy and safe",
    "All our businesses both large and small and town centres will be supported to recover "
    "and flourish for the benefit of everyone",
)
