"""What a follower types, and what officers type about the bulletin."""

from __future__ import annotations

from django import forms


class FollowForm(forms.Form):
    email = forms.EmailField(
        label="Your e-mail address",
        max_length=254,
        help_text="We use it for these e-mails only. Each has a link to stop them.",
        error_messages={
            "required": "Enter your e-mail address.",
            "invalid": "Enter an e-mail address like name@example.org.",
        },
    )


class BulletinForm(forms.Form):
    introduction = forms.CharField(
        label="A few words at the top",
        max_length=1000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text="The needs that wait for help today are added by themselves.",
    )


class AddressesForm(forms.Form):
    addresses = forms.CharField(
        label="E-mail addresses, one on each line",
        max_length=50_000,
        widget=forms.Textarea(attrs={"rows": 8}),
        help_text="Each gets one e-mail that asks. Nobody is added without a click of their own.",
        error_messages={"required": "Put at least one address in."},
    )
    source = forms.CharField(
        label="Where does the list come from?",
        max_length=200,
        help_text="For example: suppliers’ day, May 2026",
        error_messages={"required": "Say where the list comes from. It stays on record."},
    )
