"""Evidence files, what the beneficiary confirmed, and what looks claimed twice."""

from __future__ import annotations

import uuid
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Exists, OuterRef, Q

from trafford_sv.core.access import reach
from trafford_sv.core.models import Versioned
from trafford_sv.core.models.one_mail import HasOneMail
from trafford_sv.directory.models import Organisation

from .returns import DeliveryReturn, ReturnLine, reports_for


class EvidenceQuerySet(models.QuerySet["EvidenceFile"]):
    def visible_to(self, user: Any) -> EvidenceQuerySet:
        """By the lines that a file serves, once these were sent; the supplier's own before too.

        A supplier also sees a file of its lines that another record of the same organisation sent:
        where two records became one, a file that both had sent stays with the first.
        """
        everything, own = reach(user, "view_returns")
        directorates = [pk for role, pk in own if role == "contract_manager"]
        suppliers = {pk for role, pk in own if role == "supplier"} | set(reports_for(user))
        here = EvidenceLink.objects.filter(file=OuterRef("pk"))
        sent = here.filter(line__is_counted=True).exclude(
            line__delivery_return__state=DeliveryReturn.State.DRAFT
        )
        if not everything:
            sent = sent.filter(line__delivery_return__contract__directorate_id__in=directorates)
        return self.filter(
            Q(supplier_id__in=suppliers)
            | Exists(here.filter(line__delivery_return__supplier_id__in=suppliers))
            | Exists(sent)
        )


class EvidenceFile(models.Model):
    """A file as it was sent, known by the hash of its bytes. It may serve several lines."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    supplier = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="evidence")
    sha256 = models.CharField(max_length=64, db_index=True)
    original_name = models.CharField(max_length=255)
    kind = models.CharField(
        max_length=20, help_text="what its bytes say it is: pdf, jpeg, xlsx ..."
    )
    file_bytes = models.PositiveBigIntegerField()
    file = models.FileField(upload_to="evidence/%Y/%m/", blank=True)
    shown_file = models.FileField(
        upload_to="evidence-shown/%Y/%m/", blank=True,
        help_text="a picture without the place and device that its camera wrote into it",
    )  # fmt: skip
    warnings = models.JSONField(
        default=list, help_text="[sentence]: what looks like personal data, and what was taken out"
    )
    uploaded_at = models.DateTimeField()
    uploaded_by_name = models.CharField(max_length=200)
    delete_after = models.DateField(null=True, blank=True)
    deleted_at = models.DateTimeField(null=True, blank=True, help_text="the bytes; its hash stays")
    lines = models.ManyToManyField(ReturnLine, through="EvidenceLink", related_name="evidence")

    objects = EvidenceQuerySet.as_manager()

    class Meta:
        ordering = ["uploaded_at", "pk"]
        constraints = [
            # The same bytes from the same supplier are one file, however often they are sent.
            models.UniqueConstraint(fields=["supplier", "sha256"], name="one_file_a_supplier")
        ]

    def __str__(self) -> str:
        return self.original_name

    def in_reach_of(self, organisation_id: int, role: str) -> bool:
        if role == "supplier":
            return (
                self.supplier_id == organisation_id
                or self.links.filter(line__delivery_return__supplier=organisation_id).exists()
            )
        if role == "contract_manager":
            return (
                self.links.filter(
                    line__delivery_return__contract__directorate_id=organisation_id,
                    line__is_counted=True,
                )
                .exclude(line__delivery_return__state=DeliveryReturn.State.DRAFT)
                .exists()
            )
        return False


class EvidenceLink(models.Model):
    file = models.ForeignKey(EvidenceFile, on_delete=models.PROTECT, related_name="links")
    line = models.ForeignKey(ReturnLine, on_delete=models.CASCADE, related_name="evidence_links")
    note = models.CharField(max_length=300, blank=True)
    linked_at = models.DateTimeField()
    linked_by_name = models.CharField(max_length=200)

    class Meta:
        ordering = ["linked_at", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["file", "line"], name="a_file_serves_a_line_once")
        ]

    def __str__(self) -> str:
        return f"{self.file} for {self.line}"


class ConfirmationRequest(HasOneMail):
    """A one-time link by which a hub or school says what really arrived."""

    class State(models.TextChoices):
        ASKED = "asked", "Waiting for an answer"
        ANSWERED = "answered", "Answered"
        WITHDRAWN = "withdrawn", "Withdrawn"

    line = models.ForeignKey(ReturnLine, on_delete=models.CASCADE, related_name="confirmations")
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    sent_to = models.EmailField(blank=True, help_text="forgotten when it is answered or expires")
    token_hash = models.CharField(max_length=64, unique=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.ASKED)
    asked_quantity = models.DecimalField(max_digits=16, decimal_places=4)
    asked_at = models.DateTimeField()
    asked_by_name = models.CharField(max_length=200)
    expires_at = models.DateTimeField()
    confirmed_quantity = models.DecimalField(max_digits=16, decimal_places=4, null=True, blank=True)
    comment = models.TextField(blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    answered_by_role = models.CharField(max_length=200, blank=True)
    link_seed = models.CharField(
        max_length=64, blank=True,
        help_text="with the site's secret key it makes the link; of no use without it",
    )  # fmt: skip
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    withdrawn_by_name = models.CharField(max_length=200, blank=True)
    withdrawn_reason = models.TextField(blank=True)

    class Meta:
        ordering = ["asked_at", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["line"], condition=Q(state="asked"), name="one_open_request_a_line"
            ),
            models.CheckConstraint(
                condition=Q(confirmed_quantity__isnull=True) | Q(confirmed_quantity__gte=0),
                name="a_confirmed_quantity_is_not_negative",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.organisation} on {self.line}"


class DuplicateFlag(models.Model):
    """Two lines that look like one thing claimed twice. A person decides."""

    class Kind(models.TextChoices):
        SAME_FILE = "same_file", "The same file"
        SAME_EVENT = "same_event", "The same people, hours and date"

    class State(models.TextChoices):
        OPEN = "open", "Needs a look"
        FINE = "fine", "Two different things"
        DOUBLE = "double", "Claimed twice"

    first = models.ForeignKey(ReturnLine, on_delete=models.CASCADE, related_name="flags_as_first")
    second = models.ForeignKey(ReturnLine, on_delete=models.CASCADE, related_name="flags_as_second")
    kind = models.CharField(max_length=12, choices=Kind.choices)
    file_sha256 = models.CharField(max_length=64, blank=True)
    state = models.CharField(max_length=8, choices=State.choices, default=State.OPEN)
    reason = models.TextField(blank=True)
    found_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by_name = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["-found_at", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["first", "second", "kind", "file_sha256"], name="a_pair_is_flagged_once"
            ),
            models.CheckConstraint(
                condition=Q(first__lt=models.F("second")), name="the_first_line_comes_first"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.first} and {self.second}"


class ReminderPreference(models.Model):
    """Which reminders a person wants. No row means all of them."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="reminder_preference"
    )
    before_30 = models.BooleanField("30 days before a return is due", default=True)
    before_7 = models.BooleanField("7 days before", default=True)
    on_the_day = models.BooleanField("on the day", default=True)
    after_7 = models.BooleanField("7 days after", default=True)
    after_30 = models.BooleanField("30 days after", default=True)

    def __str__(self) -> str:
        return f"Reminders of {self.user}"


class ReminderDigest(models.Model):
    """One reminder e-mail to one person on one day: claimed, sent, then marked.

    `claimed` and not `sent` is in doubt and is shown to a person, never sent again by itself.
    """

    class State(models.TextChoices):
        CLAIMED = "claimed", "Being sent"
        SENT = "sent", "Sent"
        FAILED = "failed", "Refused by the mail server"
        SKIPPED = "skipped", "Nothing was due any more"

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="reminder_digests"
    )
    day = models.DateField()
    state = models.CharField(max_length=8, choices=State.choices, default=State.CLAIMED)
    items = models.JSONField(default=list, help_text="[{contract, supplier, quarter, step}]")
    claimed_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True, blank=True)
    failure = models.TextField(blank=True)
    tries = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["-day", "user"]
        constraints = [models.UniqueConstraint(fields=["user", "day"], name="one_digest_a_day")]

    def __str__(self) -> str:
        return f"{self.user} on {self.day}"


class DeliveryRating(Versioned):
    """The yearly rating of a contract above five million, proposed by a published rule."""

    class State(models.TextChoices):
        PROPOSED = "proposed", "Proposed"
        REPLIED = "replied", "The supplier has replied"
        AGREED = "agreed", "Agreed"

    contract = models.ForeignKey(
        "contracts.Contract", on_delete=models.PROTECT, related_name="ratings"
    )
    supplier = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    year_starts = models.DateField()
    year_ends = models.DateField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.PROPOSED)
    proposed_code = models.CharField(max_length=30)
    agreed_code = models.CharField(max_length=30, blank=True)
    basis = models.JSONField(default=dict, help_text="what the rule was applied to, as it stood")
    reasons = models.JSONField(default=list)
    proposed_at = models.DateTimeField()
    proposed_by_name = models.CharField(max_length=200)
    reply = models.TextField(blank=True)
    reply_due = models.DateField(null=True, blank=True)
    replied_at = models.DateTimeField(null=True, blank=True)
    replied_by_name = models.CharField(max_length=200, blank=True)
    agreed_at = models.DateTimeField(null=True, blank=True)
    agreed_by_name = models.CharField(max_length=200, blank=True)
    agreed_reason = models.TextField(blank=True)

    class Meta:
        ordering = ["-year_starts"]
        constraints = [
            models.UniqueConstraint(
                fields=["contract", "supplier", "year_starts"], name="one_rating_a_year"
            )
        ]

    def __str__(self) -> str:
        return f"Rating of {self.contract} from {self.year_starts}"

    def in_reach_of(self, organisation_id: int, role: str) -> bool:
        if role == "supplier":
            return self.supplier_id == organisation_id
        return self.contract.in_reach_of(organisation_id, role)


class ReturnUpload(models.Model):
    """A return workbook that came back: what each cell would change, until it is accepted."""

    class State(models.TextChoices):
        CHECKED = "checked", "Ready to accept"
        ACCEPTED = "accepted", "Accepted"
        PART = "part", "Accepted in part"
        REFUSED = "refused", "Refused"
        CANCELLED = "cancelled", "Cancelled"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    delivery_return = models.ForeignKey(
        DeliveryReturn, on_delete=models.CASCADE, related_name="uploads"
    )
    state = models.CharField(max_length=10, choices=State.choices, default=State.CHECKED)
    original_name = models.CharField(max_length=255)
    file_sha256 = models.CharField(max_length=64)
    cells = models.JSONField(
        default=list,
        help_text="[{sheet, cell, line, field, before, base, after, outcome, sentence}]",
    )
    message = models.TextField(blank=True)
    uploaded_at = models.DateTimeField()
    uploaded_by_name = models.CharField(max_length=200)
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by_name = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["-uploaded_at"]

    def __str__(self) -> str:
        return self.original_name

    def in_reach_of(self, organisation_id: int, role: str) -> bool:
        return self.delivery_return.in_reach_of(organisation_id, role)


__all__ = [
    "ConfirmationRequest",
    "DeliveryRating",
    "DuplicateFlag",
    "EvidenceFile",
    "EvidenceLink",
    "ReminderDigest",
    "ReminderPreference",
    "ReturnUpload",
]
