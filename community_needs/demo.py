"""The demo's hubs, rounds and needs: invented, marked, counted back from today, removable.

No real hub says anything here. Four invented hubs stand beside the six real ones, serve real wards
and answer three rounds; each text says by its mark that nobody said it.
"""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction

from trafford_sv.core.one_time_links import digest_of, new_seed, token_of
from trafford_sv.core.reference_data import Counts
from trafford_sv.directory.demo import DemoDirectory
from trafford_sv.directory.models import Area, Organisation

from .models import (
    Answer,
    Catchment,
    Hub,
    Invitation,
    Need,
    NeedSource,
    Priority,
    PriorityAnswer,
    Question,
    Response,
    Round,
    RoundMail,
)
from .models.hubs import CATCHMENT_YEAR
from .round_words import STANDARD_QUESTIONS
from .services.reference import load_priorities
from .services.rounds import ANSWER

# Invented hub -> codes of the 2023 wards it serves.
CATCHMENTS: dict[str, tuple[str, ...]] = {
    "lantern": ("E05015253", "E05015247", "E05015250"),
    "millbrook": ("E05015255", "E05015254", "E05015243", "E05015252"),
    "kingfisher": ("E05015244", "E05015242", "E05015239"),
    "beacon": ("E05015259", "E05015246", "E05015245"),
}
# key: name, first day and last day counted from today, state, what was heard
ROUNDS: dict[str, tuple[str, int, int, str, str]] = {
    "first": (
        "Spring round (demo)", -420, -392, "published",
        "Invented: people miss company on Sundays, and food that they know how to cook.",
    ),
    "second": (
        "Autumn round (demo)", -232, -204, "published",
        "Invented: help to find work should come to the hubs. Getting online is hard without a machine.",
    ),
    "third": ("Open round (demo)", -10, 18, "open", ""),
}  # fmt: skip
# round, hub, order of priorities (most first), words, how many, for whom
ANSWERS: tuple[tuple[str, str, str, str, int | None, tuple[str, ...]], ...] = (
    ("first", "lantern", "social-isolation food-support poverty", "A warm place on Sunday afternoons.", 40, ("older",)),
    ("first", "millbrook", "social-isolation community-support", "Somebody to bring people who cannot take the bus.", 52, ("older", "disabled")),
    ("first", "kingfisher", "food-support poverty social-isolation", "A pantry that opens in the evening.", None, ("families", "low-income")),
    ("first", "", "food-support social-isolation", "Food that my family knows.", None, ("newcomers",)),
    ("first", "", "social-isolation", "Company at the weekend.", None, ("older",)),
    ("first", "", "poverty food-support", "Help with a heating bill.", None, ("low-income",)),
    ("second", "lantern", "employment-support social-isolation", "Mock interviews, in the hub.", 24, ("work", "newcomers")),
    ("second", "beacon", "social-isolation employment-support", "Laptops that people may borrow.", 30, ("families", "young")),
    ("second", "millbrook", "employment-support poverty food-support", "Advice on debt, once a month.", 12, ("low-income",)),
    ("second", "kingfisher", "business-engagement employment-support", "A firm that knows us by name.", None, ("everyone",)),
    ("second", "", "employment-support", "A CV that fits here.", None, ("newcomers", "work")),
    ("third", "lantern", "food-support social-isolation poverty", "Culturally right food parcels.", 60, ("newcomers", "families")),
    ("third", "beacon", "community-support social-isolation", "A ramp at the side door.", None, ("disabled",)),
)  # fmt: skip
_N = tuple[str, str, str, str, str, int | None, str, int, int | None, bool]
# round, hub, priority, title, who for, quantity, unit, days since raised, days left, published
NEEDS: tuple[_N, ...] = (
    ("first", "lantern", "social-isolation", "A warm place on Sunday afternoons", "older people who live alone", 40, "sessions", 380, 240, True),
    ("first", "millbrook", "social-isolation", "Lifts to the hub for people who cannot take the bus", "older and disabled people", 52, "trips", 378, 180, True),
    ("first", "kingfisher", "food-support", "A pantry that opens in the evening", "families who work", None, "", 377, None, True),
    ("first", "kingfisher", "poverty", "Emergency help with heating bills", "households in debt", 25, "households", 376, -30, True),
    ("second", "lantern", "employment-support", "Mock interviews in the hub", "people looking for work", 24, "sessions", 190, 150, True),
    ("second", "beacon", "social-isolation", "Laptops that people may borrow", "families without a computer", 30, "laptops", 188, 200, True),
    ("second", "millbrook", "poverty", "Advice on debt once a month", "households with little money", 12, "sessions", 187, 120, True),
    ("second", "kingfisher", "business-engagement", "A firm that answers when the hub rings", "the hub", None, "", 185, None, True),
    ("second", "millbrook", "employment-support", "Work taster days", "young people", 10, "days", 184, 90, True),
    ("third", "lantern", "food-support", "Culturally right food parcels", "newcomers and families", 60, "parcels", 6, 120, True),
    ("third", "beacon", "community-support", "A ramp at the side door", "people in wheelchairs", 1, "ramp", 5, 200, True),
    ("", "beacon", "social-isolation", "Borrowed laptops for people without one", "families without a computer", 10, "laptops", 4, 200, True),
    ("", "lantern", "community-support", "Someone to paint the hall", "everyone", 2, "days", 3, 60, True),
    ("", "lantern", "employment-support", "Help to write a CV", "people who are new here", 20, "sessions", 1, 100, False),
)  # fmt: skip


def load_needs(
    directory: DemoDirectory, *, by: Any, now: datetime.datetime, today: datetime.date
) -> Counts:
    """Creates what is missing and leaves what is there as people have edited it."""
    with transaction.atomic():
        counts = Counts()
        if not Priority.objects.exists():
            load_priorities(now, False)  # reference data, so not the demo's to count
        priorities = {item.key: item for item in Priority.objects.all()}
        counts += _hubs(directory)
        rounds = {}
        for key in ROUNDS:
            rounds[key], made = _round(key, priorities, now, today)
            counts += Counts(created=1) if made else Counts(unchanged=1)
            if made:
                counts += _answers(key, rounds[key], directory, priorities, now)
            else:
                counts += Counts(unchanged=rounds[key].responses.filter(is_demo=True).count())
        for plan in NEEDS:
            counts += _need(plan, rounds, directory, priorities, now, today)
    return counts


def remove_needs() -> int:
    """Every row of the demo, and only those. Offers that lean on its needs go before."""
    removed = 0
    with transaction.atomic():
        needs = Need.objects.filter(is_demo=True)
        keys = list(needs.values_list("pk", flat=True))
        Need.objects.filter(merged_into__in=keys).update(merged_into=None)
        NeedSource.objects.filter(need__in=keys).delete()
        removed += needs.delete()[1].get("community_needs.Need", 0)
        Need.history.filter(id__in=keys).delete()
        NeedSource.objects.filter(response__is_demo=True).delete()
        removed += (
            Response.objects.filter(is_demo=True).delete()[1].get("community_needs.Response", 0)
        )
        rounds = Round.objects.filter(is_demo=True)
        keys = list(rounds.values_list("pk", flat=True))
        Need.objects.filter(round__in=keys).update(round=None)
        removed += rounds.delete()[1].get("community_needs.Round", 0)
        Round.history.filter(id__in=keys).delete()
        hubs = Hub.objects.filter(is_demo=True)
        keys = list(hubs.values_list("pk", flat=True))
        Catchment.objects.filter(hub__in=hubs.values("organisation")).delete()
        removed += hubs.delete()[1].get("community_needs.Hub", 0)
        Hub.history.filter(id__in=keys).delete()
    return removed


def _hubs(directory: DemoDirectory) -> Counts:
    counts = Counts()
    wards = {ward.code: ward for ward in Area.objects.wards(CATCHMENT_YEAR).defer("geometry")}
    for key, codes in CATCHMENTS.items():
        organisation = directory.hubs[key]
        _, made = Hub.objects.get_or_create(
            organisation=organisation,
            defaults={
                "email": f"{key}@hubs.example.org",
                "prefers_paper": key == "kingfisher",
                "catchment_is_agreed": True,
                "is_demo": True,
            },
        )
        counts += Counts(created=1) if made else Counts(unchanged=1)
        if made:
            Catchment.objects.bulk_create(
                Catchment(hub=organisation, ward=wards[code]) for code in codes if code in wards
            )
    return counts


def _moment(now: datetime.datetime, days: int) -> datetime.datetime:
    return now + datetime.timedelta(days=days)


def _round(
    key: str, priorities: dict[str, Priority], now: datetime.datetime, today: datetime.date
) -> tuple[Round, bool]:
    name, first, last, state, heard = ROUNDS[key]
    held = Round.objects.filter(name=name, is_demo=True).first()
    if held is not None:
        return held, False
    asked = Round.objects.create(
        name=name,
        introduction="Invented, to show how a round works. We ask what people near you need, so "
        "that businesses help where it counts.",
        translations={
            "zh-hant": {
                "introduction": "虛構內容，用以示範諮詢的運作。我們想知道社區的需要，讓企業提供合適的幫助。"
            }
        },
        opens_on=today + datetime.timedelta(days=first),
        closes_on=today + datetime.timedelta(days=last),
        state=state,
        heard=heard,
        allows_public=True,
        opened_at=_moment(now, first),
        closed_at=None if state == "open" else _moment(now, last),
        published_at=None if state == "open" else _moment(now, last + 7),
        is_demo=True,
    )
    asked.priorities.set(priorities.values())
    for number, question in enumerate(STANDARD_QUESTIONS, 1):
        Question.objects.create(round=asked, number=number, **question)
    return asked, True


def _answers(
    key: str,
    asked: Round,
    directory: DemoDirectory,
    priorities: dict[str, Priority],
    now: datetime.datetime,
) -> Counts:
    """Every invented hub is asked; some answer, residents too; in the open round a mail came back."""
    first = ROUNDS[key][1]
    questions = {row.kind: row for row in asked.questions.all()}
    answered = {hub for round_key, hub, *_rest in ANSWERS if round_key == key and hub}
    invitations = {}
    for hub in CATCHMENTS:
        seed = new_seed()
        on_paper = hub == "kingfisher"
        invitations[hub] = Invitation.objects.create(
            round=asked,
            organisation=directory.hubs[hub],
            email="" if on_paper else f"{hub}@hubs.example.org",
            on_paper=on_paper,
            link_seed=seed,
            token_hash=digest_of(token_of(seed, salt=ANSWER)),
            created_at=_moment(now, first),
            created_by_name="Demo Co-ordinator",
            sent_at=None if on_paper else _moment(now, first),
            answered_at=_moment(now, first + 5) if hub in answered else None,
            is_demo=True,
        )
        if not on_paper:
            RoundMail.objects.create(
                invitation=invitations[hub],
                kind=RoundMail.Kind.INVITATION,
                state=RoundMail.State.SENT,
                tries=1,
                asked_at=_moment(now, first),
                asked_by_name="Demo Co-ordinator",
                claimed_at=_moment(now, first),
                sent_at=_moment(now, first),
            )
    if key == "third":
        Invitation.objects.filter(pk=invitations["millbrook"].pk).update(
            bounced_at=_moment(now, first + 1), bounce_words="550 5.1.1 no such mailbox (invented)"
        )
    wards = list(Area.objects.wards(CATCHMENT_YEAR).defer("geometry").order_by("code"))
    made = 0
    for number, (round_key, hub, order, words, quantity, groups) in enumerate(ANSWERS):
        if round_key != key:
            continue
        paper = hub == "kingfisher"
        at = _moment(now, first + 5)
        response = Response.objects.create(
            round=asked,
            invitation=invitations.get(hub),
            organisation=directory.hubs.get(hub),
            ward=wards[number % len(wards)] if not hub and wards else None,
            channel=Response.Channel.PAPER if paper else "link" if hub else "public",
            state=Response.State.SENT,
            role="hub manager" if hub else "",
            started_at=at,
            saved_at=at,
            sent_at=at,
            entered_by_name="Demo Co-ordinator" if paper else "",
            is_demo=True,
        )
        PriorityAnswer.objects.bulk_create(
            PriorityAnswer(
                response=response,
                priority=priorities[item],
                rank=rank,
                weight=Decimal(max(1, 11 - 2 * rank)),
            )
            for rank, item in enumerate(order.split(), 1)
            if item in priorities
        )
        said = [Answer(response=response, question=questions["text"], text=f"{words} (Invented.)")]
        said.append(Answer(response=response, question=questions["for_whom"], groups=list(groups)))
        if quantity is not None:
            said.append(
                Answer(response=response, question=questions["quantity"], quantity=quantity)
            )
        Answer.objects.bulk_create(said)
        made += 1
    return Counts(created=made)


def _need(
    plan: _N,
    rounds: dict[str, Round],
    directory: DemoDirectory,
    priorities: dict[str, Priority],
    now: datetime.datetime,
    today: datetime.date,
) -> Counts:
    key, hub, priority, title, whom, quantity, unit, ago, left, is_public = plan
    if priority not in priorities or Need.objects.filter(title=title, is_demo=True).exists():
        return Counts(unchanged=1)
    organisation: Organisation = directory.hubs[hub]
    need = Need(
        priority=priorities[priority],
        title=title,
        words=f"Invented: {whom} would be glad of this, and would come to the hub for it.",
        for_whom=whom,
        needed_quantity=quantity,
        unit=unit,
        open_from=today - datetime.timedelta(days=ago),
        closes=None if left is None else today + datetime.timedelta(days=left),
        hub=organisation,
        raised_from=Need.RaisedFrom.RESPONSES if key else Need.RaisedFrom.HUB,
        raised_at=_moment(now, -ago),
        raised_by_name="Demo Co-ordinator" if key else "Demo Hub Worker",
        round=rounds.get(key),
        is_public=is_public,
        is_demo=True,
    )
    need._history_date = _moment(now, -ago)  # type: ignore[attr-defined]
    need.save()
    codes = CATCHMENTS[hub]
    need.wards.set(Area.objects.wards(CATCHMENT_YEAR).filter(code__in=codes))
    if key:
        behind = Response.objects.filter(round=rounds[key], is_demo=True)
        own = behind.filter(priorities__priority=priorities[priority])
        NeedSource.objects.bulk_create(NeedSource(need=need, response=row) for row in own)
    return Counts(created=1)
