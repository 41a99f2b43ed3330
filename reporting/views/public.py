"""Pages for anyone: what this is, and the promises the site makes about itself."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from trafford_sv.core.views_base import PublicView


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
                "confirmation_days": settings.CONFIRMATION_DAYS,
                "evidence_file_days": f"{settings.EVIDENCE_FILE_DAYS:,}",
                "evidence_picture_days": f"{settings.EVIDENCE_PICTURE_DAYS:,}",
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
