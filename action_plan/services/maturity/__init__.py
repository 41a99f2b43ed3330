"""Writes of the maturity room: editions, assessments, evidence, moderation."""

from .assessing import (
    begin_assessment,
    change_assessment,
    name_assessor,
    record_score,
    remove_assessor,
    send_scores,
    take_scores_back,
)
from .editions import (
    add_criterion,
    change_criterion,
    change_edition,
    copy_edition,
    link_actions,
    remove_criterion,
    take_into_use,
)
from .evidence import add_evidence, add_file, remove_evidence
from .moderating import (
    agree_assessment,
    agree_stage,
    comment_on_stage,
    open_moderation,
    propose_stage,
    record_reason,
)

__all__ = [
    "add_criterion",
    "add_evidence",
    "add_file",
    "agree_assessment",
    "agree_stage",
    "begin_assessment",
    "change_assessment",
    "change_criterion",
    "change_edition",
    "comment_on_stage",
    "copy_edition",
    "link_actions",
    "name_assessor",
    "open_moderation",
    "propose_stage",
    "record_reason",
    "record_score",
    "remove_assessor",
    "remove_criterion",
    "remove_evidence",
    "send_scores",
    "take_into_use",
    "take_scores_back",
]
