"""What the answers of figures can be narrowed to, read from the address and refused where it is nothing."""

from __future__ import annotations

from typing import Any

from rest_framework import exceptions

from trafford_sv.core.api.views import ApiView
from trafford_sv.core.periods import PeriodError, Quarter

from ..models import Contract
from ..selectors.position import Scope
from ..selectors.scope_parts import parts_not_there

SCOPE_PARAMETERS = {
    "agreement": "One kind of agreement.",
    "directorate": "The key of a directorate.",
    "division": "The first two digits of a category.",
    "theme": "A theme's title.",
    "ward": "A ward's code.",
}
_NOT_THERE = {
    "directorate": "“{}” is the key of no directorate.",
    "division": "“{}” begins no category. Give its first two digits.",
    "theme": "“{}” is no theme of a measure. `measures/` says which there are.",
    "ward": "“{}” is the code of no ward of 2023. `wards/` lists them.",
}


class ScopedView(ApiView):
    """Every reader here raises ValidationError with the name of the parameter."""

    def scope(self, **more: Any) -> Scope:
        """The part of the council that is asked for; one query where one is named. An answer for a part
        that does not exist would read as one with nothing in it.
        """
        query = self.request.query_params
        scope = Scope(
            agreement=self.one_of("agreement", tuple(Contract.Kind.values)) or "",
            directorate=self.key("directorate"),
            division=query.get("division", ""),
            theme=query.get("theme", ""),
            ward=query.get("ward", ""),
            **more,
        )
        if "\x00" in scope.theme + scope.ward + scope.division:
            raise exceptions.ValidationError("A filter holds a character that no name has.")
        if missing := parts_not_there(scope):
            raise exceptions.ValidationError(
                {name: [_NOT_THERE[name].format(value)] for name, value in missing.items()}
            )
        return scope

    def quarter(self, name: str, otherwise: Quarter) -> Quarter:
        words = self.request.query_params.get(name, "")
        if not words:
            return otherwise
        try:
            return Quarter.parse(words)
        except PeriodError as error:
            raise exceptions.ValidationError({name: [str(error)]}) from error

    def one_of(self, name: str, offered: tuple[str, ...]) -> str | None:
        words = self.request.query_params.get(name) or None
        if words is not None and words not in offered:
            raise exceptions.ValidationError(
                {name: [f"“{words}” is none of {', '.join(offered)}."]}
            )
        return words

    def key(self, name: str) -> int | None:
        words = self.request.query_params.get(name, "")
        if not words:
            return None
        if not (words.isascii() and words.isdecimal() and len(words) <= 9):
            raise exceptions.ValidationError({name: [f"“{words}” is no key. Keys are numbers."]})
        return int(words)
