"""Which commitments and needs a case study tells of."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from charter.models import CaseStudy
from community_needs.models import Need

from .commitments import Commitment


class StoryLink(models.Model):
    """A case study tells of one commitment, or of one need. Added and removed, never changed."""

    case_study = models.ForeignKey(CaseStudy, on_delete=models.CASCADE, related_name="links")
    commitment = models.ForeignKey(
        Commitment, null=True, blank=True, on_delete=models.CASCADE, related_name="story_links"
    )
    need = models.ForeignKey(
        Need, null=True, blank=True, on_delete=models.CASCADE, related_name="story_links"
    )
    linked_at = models.DateTimeField()
    linked_by_name = models.CharField(max_length=200)

    class Meta:
        ordering = ["case_study", "pk"]
        verbose_name = "link of a case study"
        verbose_name_plural = "links of case studies"
        constraints = [
            models.CheckConstraint(
                condition=Q(commitment__isnull=True) ^ Q(need__isnull=True),
                name="a_story_link_leads_to_one_thing",
            ),
            models.UniqueConstraint(
                fields=["case_study", "commitment"],
                name="a_story_tells_of_a_commitment_once",
                violation_error_message="This case study is linked to that commitment already.",
            ),
            models.UniqueConstraint(
                fields=["case_study", "need"],
                name="a_story_tells_of_a_need_once",
                violation_error_message="This case study is linked to that need already.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.case_study}: {self.commitment or self.need}"
