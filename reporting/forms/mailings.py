"""Who gets reports by e-mail, and when, as officers and readers type it."""

from __future__ import annotations

from typing import Any

from django import forms

from trafford_sv.core.forms import VersionedForm
from trafford_sv.core.link_views import TrapField
from trafford_sv.core.models import User

from ..editions import kinds
from ..models import Audience, MailSchedule

ADDRESS = {
    "required": "Enter your e-mail address.",
    "invalid": "Enter an e-mail address like name@example.org.",
}


def kind_choices(*, public_only: bool = False) -> list[tuple[str, str]]:
    return [(kind.key, kind.name) for kind in kinds() if kind.is_public or not public_only]


class _Kinds(forms.MultipleChoiceField):
    """None ticked is every report, also one that comes later."""

    def __init__(self, *, public_only: bool = False, **options: Any) -> None:
        super().__init__(
            choices=lambda: kind_choices(public_only=public_only),
            widget=forms.CheckboxSelectMultiple,
            required=False,
            **options,
        )


class ReaderForm(forms.Form):
    audience = forms.ChoiceField(
        label="Audience", choices=Audience.choices, widget=forms.RadioSelect,
        error_messages={"required": "Choose an audience."},
    )  # fmt: skip
    user = forms.ModelChoiceField(
        User.objects.none(),
        label="A person with an account",
        required=False,
        empty_label="Nobody: an address below",
        help_text="Mail follows their account’s address, and ends when the account is closed.",
    )
    email = forms.CharField(
        label="Or an e-mail address",
        required=False,
        max_length=254,
        help_text="For example, a committee’s clerk. An individual is asked first and must click.",
    )
    name = forms.CharField(
        label="Who reads there",
        required=False,
        max_length=200,
        help_text="A role is enough. Shown to officers alone.",
    )
    wanted = _Kinds(label="Reports", help_text="Leave all empty for every report of the audience.")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["user"].queryset = User.objects.filter(is_active=True).order_by("name")  # type: ignore[attr-defined]


class ReaderEditForm(VersionedForm):
    name = forms.CharField(label="Who reads there", required=False, max_length=200)
    kinds = _Kinds(label="Reports", help_text="Leave all empty for every report of the audience.")


class ScheduleForm(VersionedForm):
    """Of a line that is there: its report and audience are what it is."""

    days_after = forms.IntegerField(
        label="Days after the quarter or year ends",
        min_value=0,
        max_value=366,
        help_text="Where that is no working day in England it goes on the next. It never goes before the edition is published.",
    )
    attaches_pdf = forms.BooleanField(
        label="Attach the PDF where it is small enough",
        required=False,
        help_text="The link is always there.",
    )
    is_active = forms.BooleanField(
        label="In use",
        required=False,
        help_text="A line that is taken up again sends nothing of the pause.",
    )


class ScheduleCreateForm(ScheduleForm):
    version = None  # type: ignore[assignment]
    kind = forms.ChoiceField(label="Report", choices=kind_choices)
    audience = forms.ChoiceField(label="Audience", choices=Audience.choices)
    field_order = ("kind", "audience", "days_after", "attaches_pdf", "is_active")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("initial", {"attaches_pdf": True, "is_active": True, "days_after": 45})
        super().__init__(*args, **kwargs)


class SignUpForm(forms.Form):
    email = forms.EmailField(
        label="Your e-mail address",
        max_length=254,
        help_text="We use it for these reports only. Each has a link to stop them.",
        error_messages=ADDRESS,
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )
    wanted = _Kinds(
        public_only=True,
        label="Which reports?",
        help_text="Leave all empty for every report that is published.",
    )
    website = TrapField()


class DayForm(forms.Form):
    as_of = forms.DateField(label="Day", required=False)

    def day(self) -> Any:
        return self.cleaned_data.get("as_of") if self.is_valid() else None


class CameBackForm(forms.Form):
    words = forms.CharField(
        label="What did the message say?",
        required=False,
        max_length=300,
        help_text="For example: the mailbox does not exist",
    )


def schedule_initial(line: MailSchedule) -> dict[str, Any]:
    return {
        "version": line.version,
        "days_after": line.days_after,
        "attaches_pdf": line.attaches_pdf,
        "is_active": line.is_active,
    }
