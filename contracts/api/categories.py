"""The procurement vocabulary for programs."""

from __future__ import annotations

from typing import ClassVar

from django.db.models import QuerySet
from django.urls import path

from trafford_sv.core.api.columns import Column, text
from trafford_sv.core.api.views import ListView

from ..filters import CategoryFilter
from ..models import CpvCode


class Categories(ListView):
    """The Common Procurement Vocabulary 2008: what `category` may be."""

    permission = "use_api"
    tag, noun, file_name = "contracts", "categories", "categories"
    filterset_class = CategoryFilter
    columns: ClassVar[tuple[Column, ...]] = (
        text("code", "Without the check digit.", "pk"),
        text("name", "In words."),
    )

    def rows(self) -> QuerySet[CpvCode]:
        return CpvCode.objects.all()


urlpatterns = [path("categories/", Categories.as_view(), name="api-categories")]
