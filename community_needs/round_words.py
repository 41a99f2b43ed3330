"""The questions that a new round begins with, and which translations are whole.

The words of a question are an officer's, so their translation is kept beside them; the words of
the form itself are in `locale/`. A round offers a language only when every question has it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .models import Priority, Question, Round

ENGLISH = "en-gb"
LANGUAGES: dict[str, str] = {ENGLISH: "English", "zh-hant": "繁體中文"}

STANDARD_QUESTIONS: tuple[dict[str, Any], ...] = (
    {
        "kind": Question.Kind.PRIORITIES,
        "text": "What matters most to the people you see?",
        "hint": "Put as many in order as you like. You may also say how much each one matters.",
        "translations": {
            "zh-hant": {
                "text": "對你接觸的居民來說，甚麼最重要？",
                "hint": "可按重要程度排列任何數目的項目，亦可說明每一項有多重要。",
            }
        },
    },
    {
        "kind": Question.Kind.TEXT,
        "text": "What would help most?",
        "hint": "For example: a warm place on Sunday afternoons. No names of people.",
        "translations": {
            "zh-hant": {
                "text": "甚麼最能幫到大家？",
                "hint": "例如：星期日下午一個溫暖的聚腳點。請勿寫下任何人的姓名。",
            }
        },
    },
    {
        "kind": Question.Kind.QUANTITY,
        "text": "How many sessions would you need in a year?",
        "hint": "Leave it empty if it cannot be counted.",
        "unit": "sessions",
        "translations": {
            "zh-hant": {
                "text": "一年需要多少節活動？",
                "hint": "如不能計算，請留空。",
                "unit": "節",
            }
        },
    },
    {
        "kind": Question.Kind.FOR_WHOM,
        "text": "Who is it for?",
        "hint": "Choose all that apply.",
        "translations": {"zh-hant": {"text": "對象是誰？", "hint": "請選擇所有適用的項目。"}},
    },
)


def in_language(record: Any, name: str, language: str) -> str:
    """A field of a question, priority or round in a language; English where there is no other."""
    translated: Mapping[str, Any] = (record.translations or {}).get(language, {})
    return str(translated.get(name) or getattr(record, name))


@dataclass(frozen=True)
class Coverage:
    """What a language still lacks, in words; empty when it can be offered."""

    language: str
    missing: tuple[str, ...]


def missing_words(
    language: str, round: Round, questions: Iterable[Question], priorities: Iterable[Priority]
) -> Coverage:
    missing: list[str] = []

    def has(record: Any, *names: str) -> bool:
        held = (record.translations or {}).get(language, {})
        return all(held.get(name) for name in names if getattr(record, name, ""))

    if not has(round, "introduction"):
        missing.append("the introduction")
    missing += [
        f"question {question.number}"
        for question in questions
        if not has(question, "text", "hint", "unit")
    ]
    missing += [f"the priority “{item}”" for item in priorities if not has(item, "name", "summary")]
    return Coverage(language, tuple(missing))


def languages_of(
    round: Round, questions: Sequence[Question], priorities: Sequence[Priority]
) -> list[str]:
    """The languages in which the whole form can be read, English first."""
    return [
        language
        for language in LANGUAGES
        if language == ENGLISH or not missing_words(language, round, questions, priorities).missing
    ]
