"""Actions, milestones, targets and updates as people type them."""

from __future__ import annotations

import datetime
import re
from typing import Any

from django import forms
from django.core.validators import MaxLengthValidator
from django.db.models import Q

from charter.models import Adoption, CharterVersion, Principle
from trafford_sv.core.form_fields import HiddenWithoutId
from trafford_sv.core.forms import VersionedForm, VersionedModelForm
from trafford_sv.core.models import User
from trafford_sv.directory.models import Organisation

from ..models import Action, DesiredOutcome, Milestone
from ..progress import STATUS_CHOICES, Status
from ..selectors.leads import people_who_may_lead
from ..services.actions import EARLIEST, LATEST


def _at_most(longest: int) -> MaxLengthValidator:
    return MaxLengthValidator(longest, f"Use {longest:,} characters at most.")


class ReferencesField(forms.CharField):
    """Actions by their references, as text: a list of five hundred is no choice."""

    def to_python(self, value: Any) -> Any:
        words = super().to_python(value or "") or ""
        # Before the database is asked: it takes no NUL, and not any number of references.
        super().run_validators(words)
        wanted = list(dict.fromkeys(re.split(r"[\s,;]+", words.strip().upper())))
        wanted = [word for word in wanted if word]
        found = {row.reference: row for row in Action.objects.filter(reference__in=wanted)}
        missing = [word for word in wanted if word not in found]
        if missing:
            raise forms.ValidationError(
                f"There is no action {missing[0][:40]}. Look its reference up under All actions."
            )
        return [found[word] for word in wanted]

    def prepare_value(self, value: Any) -> Any:
        if isinstance(value, str) or value is None:
            return value
        return ", ".join(getattr(one, "reference", str(one)) for one in value)

    def validate(self, value: Any) -> None:
        """Nothing to wait for is an answer."""

    def run_validators(self, value: Any) -> None:
        """The text itself was looked at above; what it names is found already."""


class ActionForm(VersionedModelForm):
    """One action. Who leads may have an account, or only a name and an address."""

    not_stored = ("reason",)
    waits_for = ReferencesField(
        label="Waits for",
        required=False,
        max_length=500,
        help_text="References of actions that must come first, with commas between: GO-01, PR-02",
    )
    reason = forms.CharField(
        label="Why do you change it?",
        required=False,
        max_length=100,
        help_text="Stays in the history. For example: agreed at the meeting of 3 May",
    )

    class Meta:
        model = Action
        fields = (
            "theme", "title", "description", "principle", "lead_organisation", "lead", "lead_name",
            "lead_email", "starts", "due", "status", "completed_on", "waits_for", "is_public",
            "metric_key", "source",
        )  # fmt: skip
        labels = {
            "title": "What is to be done?",
            "description": "What does that mean, and how will we know it worked?",
            "principle": "Which principle of the Charter does it serve?",
            "lead_organisation": "Which organisation leads?",
            "lead": "Who leads, if they have an account here",
            "lead_name": "Their name or job title, if they have none",
            "lead_email": "Their e-mail address",
            "starts": "Starts",
            "due": "Due",
            "status": "How does it stand?",
            "completed_on": "If complete: on which day?",
            "is_public": "Anyone may read this action",
            "metric_key": "Yardstick",
            "source": "Where does it come from?",
        }
        help_texts = {
            "title": "Begin with a verb: Ask every hub what it needs",
            "lead_email": "They get a link for each quarter’s update. It is shown to members only.",
            "metric_key": (
                "The key of a figure that shows whether it works, like spend.retained_share. "
                "Leave it empty where there is none."
            ),
            "source": "A meeting, a report and its paragraph, a strategy",
            "is_public": (
                "Title, description, dates, status, lead organisation and approved updates. "
                "Names and addresses never."
            ),
        }
        widgets = {
            "description": forms.Textarea(attrs={"rows": 5}),
            "status": forms.RadioSelect,
            "theme": forms.Select,
        }

    def __init__(self, *args: Any, today: datetime.date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: Any = self.fields
        in_force = CharterVersion.objects.in_force_on(today).values("pk")
        fields["principle"].queryset = Principle.objects.filter(
            Q(charter_version__in=in_force) | Q(pk=self.instance.principle_id)
        ).order_by("number", "pk")
        fields["principle"].empty_label = "None in particular"
        fields["theme"].empty_label = "Choose a theme"
        fields["description"].validators.append(_at_most(10_000))
        fields["status"].choices = STATUS_CHOICES
        fields["lead"].queryset = User.objects.filter(
            Q(pk__in=people_who_may_lead(today)) | Q(pk=self.instance.lead_id)
        ).order_by("name")
        fields["lead"].empty_label = "Nobody with an account"
        led = Organisation.objects.current().filter(
            Q(pk=self.instance.lead_organisation_id)
            | Q(kinds__kind__in=["council_service", "public_body", "partner", "voluntary", "school", "hub"])
            | Q(adoptions__in=Adoption.objects.standing_on(today))
        )  # fmt: skip
        fields["lead_organisation"].queryset = led.distinct().order_by("name")
        fields["lead_organisation"].empty_label = "Not decided"
        self.initial["waits_for"] = self.instance.waits_for_references
        if self.instance.pk is None:
            del fields["reason"]


class MilestoneForm(VersionedModelForm):
    class Meta:
        model = Milestone
        fields = ("title", "due", "done_on")
        labels = {
            "title": "What will be there?",
            "due": "By when?",
            "done_on": "If it is reached: on which day?",
        }


class TargetForm(VersionedModelForm):
    class Meta:
        model = DesiredOutcome
        fields = ("words", "target_stage", "by_date")
        labels = {
            "words": "What should this theme look like?",
            "target_stage": "Which stage should it have reached?",
            "by_date": "By when?",
        }
        widgets = {"words": forms.Textarea(attrs={"rows": 4}), "target_stage": forms.RadioSelect}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: Any = self.fields
        fields["words"].validators.append(_at_most(4_000))
        # No empty choice among the five.
        fields["target_stage"].choices = [
            choice for choice in fields["target_stage"].choices if choice[0]
        ]


LEADS_CHOICES = [(key, label) for key, label in STATUS_CHOICES if key != Status.CANCELLED.value]


class UpdateForm(forms.Form):
    """An update as a lead writes it. `version` is the stored draft's, empty where there is none."""

    narrative = forms.CharField(
        label="What happened in this quarter?",
        max_length=5_000,
        widget=forms.Textarea(attrs={"rows": 7}),
        help_text=(
            "What was done, what came of it, what is next. Approved updates of public actions can "
            "be read by anyone, so please name no private person."
        ),
        error_messages={"required": "Say what happened in the quarter. Two or three sentences do."},
    )
    status = forms.ChoiceField(
        label="How does the action stand?",
        choices=LEADS_CHOICES,
        widget=forms.RadioSelect,
        error_messages={"required": "Choose how the action stands."},
    )
    version = forms.IntegerField(widget=HiddenWithoutId, required=False, min_value=1)


class LinkUpdateForm(UpdateForm):
    """The same, with who writes, for somebody without an account."""

    name = forms.CharField(
        label="Your name or job title",
        max_length=120,
        help_text="It is kept with the update and shown to members of the Steering Group.",
        error_messages={"required": "Say who you are, so that we know whom to ask."},
    )


class DecideForm(VersionedForm):
    """Approve, or send back with a reason."""

    decision = forms.ChoiceField(
        label="What do you decide?",
        choices=[
            ("approve", "Approve it: the action stands as it says"),
            ("send_back", "Send it back to the lead"),
        ],
        widget=forms.RadioSelect,
        error_messages={"required": "Choose one of the two."},
    )
    is_public = forms.BooleanField(
        label="Publish it, where the action is public", required=False, initial=True
    )
    reason = forms.CharField(
        label="If you send it back: what is missing?",
        required=False,
        max_length=2_000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="The lead reads this in the e-mail that takes it back to them.",
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("decision") == "send_back" and not (cleaned.get("reason") or "").strip():
            self.add_error("reason", "Say what is missing, so that the lead can add it.")
        return cleaned


class AskAgainForm(forms.Form):
    email = forms.EmailField(
        label="Where should the link go?", max_length=254, help_text="The lead’s e-mail address"
    )


class SinceForm(forms.Form):
    """Between which days to look for changes."""

    since = forms.DateField(label="Changes since", required=False)
    until = forms.DateField(label="Up to and including", required=False)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        since, until = cleaned.get("since"), cleaned.get("until")
        for name, day in (("since", since), ("until", until)):
            if day and not EARLIEST <= day <= LATEST:
                self.add_error(name, "This day is too far away to be right. Check the year.")
        if since and until and until < since:
            self.add_error("until", "This day is before the first. Change one of the two.")
        return cleaned
