"""Templates in which a variable that is missing stops the work, before anything is sent."""

from __future__ import annotations

from functools import cache
from typing import Any, NoReturn

from django.conf import settings
from django.template import Context, Engine, engines


class VariableMissing(LookupError):
    """A template names something that it was not given; the sentence says which."""


class _Loud(str):
    """What the engine puts for a missing variable: asked for its text, it raises."""

    def __contains__(self, text: object) -> bool:
        return True

    def __mod__(self, name: object) -> NoReturn:  # type: ignore[override]
        raise VariableMissing(f"The e-mail’s template names “{name}”, which is not there.")


@cache
def _engine() -> Engine:
    usual: Any = engines["django"]
    folders: Any = settings.TEMPLATES[0]["DIRS"]
    return Engine(
        dirs=[str(each) for each in folders],
        app_dirs=True,
        builtins=usual.engine.builtins,
        string_if_invalid=_Loud("missing"),
    )


def render_strictly(template: str, context: dict[str, Any]) -> str:
    """Raises VariableMissing. A name ending in .txt is not escaped."""
    loaded = _engine().get_template(template)
    return loaded.render(Context(context, autoescape=not template.endswith(".txt")))
