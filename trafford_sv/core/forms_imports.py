"""What a person answers on the way in: which kind, which file, which column is which."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms

from .importing import Importer
from .services.imports import check_mapping


class StartForm(forms.Form):
    """Kind of import, file, and the publisher's name where the kind asks for one."""

    kind = forms.ChoiceField(label="What is in the file?", widget=forms.RadioSelect)
    file = forms.FileField(label="File")
    source_name = forms.CharField(
        label="Who published it?",
        max_length=200,
        required=False,
        help_text="For spending files, for example Trafford Council.",
    )

    def __init__(self, *args: Any, importers: Sequence[Importer], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.importers = {importer.kind: importer for importer in importers}
        self.fields["kind"].choices = [(each.kind, each.title) for each in importers]  # type: ignore[attr-defined]
        endings = sorted({ending for each in importers for ending in each.extensions})
        self.fields["file"].widget.attrs["accept"] = ",".join(endings)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        importer = self.importers.get(cleaned.get("kind", ""))
        if importer and importer.needs_source_name and not cleaned.get("source_name", "").strip():
            self.add_error(
                "source_name", "Enter who published the file, for example Trafford Council."
            )
        return cleaned


class MappingForm(forms.Form):
    """One select for each thing we look for; the choices are the file's headings."""

    def __init__(
        self,
        *args: Any,
        importer: Importer,
        headings: Sequence[str],
        suggested: Mapping[str, str],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.importer, self.headings = importer, headings
        choices = [(heading, heading) for heading in headings]
        for spec in importer.fields:
            empty = "Choose a column" if spec.required else "Not in this file"
            self.fields[spec.name] = forms.ChoiceField(
                label=spec.label,
                help_text=spec.help,
                choices=[("", empty), *choices],
                required=spec.required,
                initial=suggested.get(spec.name, ""),
                error_messages={
                    "required": f"Choose the column that holds the {spec.label.lower()}"
                },
            )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if not self.errors:
            for problem in check_mapping(
                kind=self.importer.kind, headings=self.headings, columns=cleaned
            ):
                self.add_error(None, problem)
        return cleaned
