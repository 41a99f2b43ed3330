"""Answering by a link: half saved, twice, forwarded, too late, and everything people type."""

from __future__ import annotations

import datetime
import gettext
import re
import zlib
from pathlib import Path
from typing import Any

import page as validator
import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from fontTools.ttLib import TTFont

from community_needs.models import Invitation, Response, Round
from community_needs.round_words import STANDARD_QUESTIONS
from community_needs.services.rounds import ANSWER
from tests.drawn import drawn
from tests.factories import make_user, make_ward
from tests.factories_needs import make_hub, make_invitation, make_round
from trafford_sv.core.one_time_links import digest_of, token_of

pytestmark = pytest.mark.django_db
FAR = datetime.date(2090, 1, 1)


@pytest.fixture
def asked() -> Round:
    return make_round(closes_on=FAR)


@pytest.fixture
def invitation(asked: Round) -> Invitation:
    return make_invitation(
        asked, make_hub("Hub One"), link_seed="seed", token_hash=digest_of(TOKEN)
    )


TOKEN = token_of("seed", salt=ANSWER)


def form_url() -> str:
    return reverse("round-answer", args=[TOKEN])


def fields(asked: Round, **more: Any) -> dict[str, Any]:
    keys = {row.kind: row.pk for row in asked.questions.all()}
    first, second = asked.priorities.all()
    return {
        "version": "0", "role": "centre manager", f"text-{keys['text']}": "A warm place",
        f"quantity-{keys['quantity']}": "40", f"groups-{keys['for_whom']}": ["older", "carers"],
        f"rank-{first.pk}": "1", f"rank-{second.pk}": "2", f"weight-{first.pk}": "0", **more,
    }  # fmt: skip


def test_save_come_back_check_and_send_once(
    client: Client, asked: Round, invitation: Invitation
) -> None:
    saved = client.post(form_url(), {**fields(asked), "step": "save"})
    assert "not sent yet" in saved.text and Response.objects.get().state == "draft"
    assert "A warm place" in Client().get(form_url()).text, "on any machine"
    check = client.post(form_url(), {**fields(asked), "version": "1", "step": "check"}, follow=True)
    assert "40 sessions" in check.text and "Older people, Carers" in check.text
    assert "1. " in check.text and "(0/10)" in check.text, "a weight of 0 is an answer"
    done = client.post(reverse("round-answer-check", args=[TOKEN]), {"version": "2"})
    assert done.status_code == 302
    response = Response.objects.get()
    assert response.state == "sent" and response.organisation == invitation.organisation
    invitation.refresh_from_db()
    assert invitation.answered_at


def test_a_link_that_has_answered_shows_nothing_and_takes_nothing(
    client: Client, asked: Round, invitation: Invitation
) -> None:
    client.post(form_url(), {**fields(asked), "step": "check"})
    client.post(reverse("round-answer-check", args=[TOKEN]), {"version": "1"})
    forwarded = Client().get(form_url())
    assert forwarded.status_code == 410 and "A warm place" not in forwarded.text
    twice = client.post(reverse("round-answer-check", args=[TOKEN]), {"version": "2"})
    assert twice.status_code == 410 and "sent an answer" in twice.text
    other = {**fields(asked), "version": "2", "step": "check"}
    late = client.post(
        form_url(),
        {
            key: "My other words" if key.startswith("text") else value
            for key, value in other.items()
        },
    )
    assert late.status_code == 410 and "My other words" in late.text, "nothing typed is lost"
    assert Response.objects.get().answers.get(question__kind="text").text == "A warm place"


def test_two_people_on_a_forwarded_link_see_both_versions(
    client: Client, asked: Round, invitation: Invitation
) -> None:
    client.post(form_url(), {**fields(asked), "step": "save"})
    keys = {row.kind: row.pk for row in asked.questions.all()}
    mine = {**fields(asked), f"text-{keys['text']}": "Mine", "step": "save"}
    answer = Client().post(form_url(), mine)
    assert answer.status_code == 409
    assert "Mine" in answer.text and "A warm place" in answer.text
    assert Response.objects.get().answers.get(question__kind="text").text == "A warm place"
    again = Client().post(form_url(), {**mine, "version": "1"})
    assert again.status_code == 200
    assert Response.objects.get().answers.get(question__kind="text").text == "Mine"


def test_after_closing_no_answer_is_taken_and_the_words_are_given_back(
    client: Client, asked: Round, invitation: Invitation
) -> None:
    client.post(form_url(), {**fields(asked), "step": "save"})
    for values in ({"state": "closed"}, {"state": "open", "closes_on": asked.opens_on}):
        Round.objects.filter(pk=asked.pk).update(**values)
        late = client.post(form_url(), {**fields(asked), "version": "1", "step": "check"})
        assert late.status_code == 410
        assert "This round is closed" in late.text and "A warm place" in late.text
        assert (
            client.post(reverse("round-answer-check", args=[TOKEN]), {"version": "1"}).status_code
            == 410
        )
    assert Response.objects.get().state == "draft"


def test_the_last_day_counts_to_its_end(
    client: Client, asked: Round, invitation: Invitation
) -> None:
    Round.objects.filter(pk=asked.pk).update(
        opens_on=datetime.date.today(), closes_on=datetime.date.today()
    )
    assert client.get(form_url()).status_code == 200


def test_each_mistake_has_its_sentence_and_nothing_typed_is_lost(
    client: Client, asked: Round, invitation: Invitation
) -> None:
    keys = {row.kind: row.pk for row in asked.questions.all()}
    first, second = asked.priorities.all()
    wrong = fields(
        asked,
        **{
            f"rank-{first.pk}": "1", f"rank-{second.pk}": "1",
            f"text-{keys['text']}": "<script>alert(1)</script>" + "x" * 100_000,
            f"quantity-{keys['quantity']}": "sNaN", "step": "save",
        },
    )  # fmt: skip
    answer = client.post(form_url(), wrong)
    assert "Place 1 is given twice" in answer.text
    assert "Keep it to 5,000 characters" in answer.text
    assert "Enter a number from 0 to 1,000,000" in answer.text
    assert "&lt;script&gt;" + "alert(1)" in answer.text and "x" * 100_000 in answer.text
    assert "<script>alert" not in answer.text and "sNaN" in answer.text
    assert not Response.objects.exists(), "nothing is half written"
    strange = {**fields(asked), f"groups-{keys['for_whom']}": ["nobody"], "version": "0"}
    assert "Choose from the list who it is for" in client.post(form_url(), strange).text


def test_html_in_an_answer_is_shown_as_it_was_typed(
    client: Client, asked: Round, invitation: Invitation
) -> None:
    keys = {row.kind: row.pk for row in asked.questions.all()}
    typed = fields(
        asked, **{f"text-{keys['text']}": "<img src=x onerror=alert(1)>", "step": "check"}
    )
    page = client.post(form_url(), typed, follow=True).text
    assert "&lt;img src=x" in page and "<img src=x" not in page


def test_nothing_at_all_and_a_required_question_are_not_sent(
    client: Client, asked: Round, invitation: Invitation
) -> None:
    check = reverse("round-answer-check", args=[TOKEN])
    assert client.get(check).status_code == 302, "nothing is saved yet"
    client.post(form_url(), {"version": "0", "role": "", "step": "save"})
    assert "at least one question" in client.post(check, {"version": "1"}).text
    asked.questions.filter(kind="text").update(is_required=True)
    first = asked.priorities.first()
    client.post(form_url(), {"version": "1", f"rank-{first.pk}": "1", "step": "save"})
    assert "Answer question 2 first" in client.post(check, {"version": "2"}).text
    assert Response.objects.get().state == "draft"


def test_an_unknown_or_cut_link_says_what_to_do(client: Client, asked: Round) -> None:
    for token in (TOKEN[:-3], "x", "é" * 20):
        answer = client.get(reverse("round-answer", args=[token]))
        assert answer.status_code == 404 and "We do not know this link" in answer.text


def test_anyone_answers_where_that_is_allowed_and_comes_back_by_their_own_address(
    client: Client,
) -> None:
    asked, ward = make_round(closes_on=FAR, allows_public=True), make_ward()
    start = reverse("round-public", args=[asked.pk])
    assert "Start" in client.get(start).text and not Response.objects.exists()
    address = client.post(start)["Location"]
    values = {**fields(asked), "version": "1", "ward": ward.pk, "step": "check"}
    client.post(address, values)
    client.post(f"{address}check/", {"version": "2"})
    response = Response.objects.get()
    assert response.state == "sent" and response.channel == "public" and response.ward == ward
    assert client.get(reverse("round-public", args=[make_round().pk])).status_code == 404


def test_a_hub_that_is_signed_in_needs_no_e_mail(
    client: Client, asked: Round, invitation: Invitation
) -> None:
    client.force_login(make_user("hub", invitation.organisation))
    assert reverse("hub-answer", args=[invitation.pk]) in client.get(reverse("hub-home")).text
    page = client.get(reverse("hub-answer", args=[invitation.pk]), follow=True)
    assert page.redirect_chain[-1][0] == form_url() and page.status_code == 200


# --- in Traditional Chinese ---------------------------------------------------------------

CATALOGUE = Path(__file__).resolve().parents[2] / "locale/zh_Hant/LC_MESSAGES"


def whole_in_chinese(asked: Round) -> None:
    asked.translations = {"zh-hant": {"introduction": "我們想知道社區的需要。"}}
    asked.save()
    for priority in asked.priorities.all():
        priority.translations = {"zh-hant": {"name": "食物支援", "summary": "價格相宜的食物。"}}
        priority.save()
    for question in asked.questions.all():
        standard = next(row for row in STANDARD_QUESTIONS if row["kind"] == question.kind)
        question.translations = standard["translations"]
        question.save()


def test_the_form_is_whole_in_chinese_by_a_link_and_says_it_is_unchecked(
    client: Client, asked: Round, invitation: Invitation
) -> None:
    whole_in_chinese(asked)
    english = client.get(form_url()).text
    assert 'href="' + form_url() + '?lang=zh-hant"' in english and "繁體中文" in english
    page = client.get(form_url() + "?lang=zh-hant").text
    assert '<html lang="zh-Hant"' in page
    assert "尚未經母語讀者核對" in page and "native reader" in page
    for words in (
        "你附近的居民需要甚麼？",
        "甚麼最能幫到大家？",
        "長者",
        "儲存，稍後再填",
        "食物支援",
    ):
        assert words in page
    for words in (
        "What do people near you need?",
        "Save and come back",
        "Older people",
        "(optional)",
    ):
        assert words not in page
    first, second = asked.priorities.all()
    twice = fields(asked, **{f"rank-{second.pk}": "1", "step": "save"})
    assert "排名1用了兩次" in client.post(form_url() + "?lang=zh-hant", twice).text
    client.post(form_url() + "?lang=zh-hant", {**fields(asked), "step": "check"})
    assert (
        "檢查你的答案"
        in client.get(reverse("round-answer-check", args=[TOKEN]) + "?lang=zh-hant").text
    )
    assert Response.objects.get().language == "zh-hant"


def test_a_round_that_is_half_translated_is_offered_in_english_alone(
    client: Client, asked: Round, invitation: Invitation
) -> None:
    whole_in_chinese(asked)
    asked.questions.filter(number=2).update(translations={})
    page = client.get(form_url() + "?lang=zh-hant").text
    assert '<html lang="en"' in page and "What do people near you need?" in page
    client.force_login(make_user())
    assert "question 2" in client.get(reverse("round-detail", args=[asked.pk])).text


def test_every_word_of_the_form_is_translated_and_the_compiled_catalogue_is_of_this_one() -> None:
    source = (CATALOGUE / "django.po").read_text(encoding="utf-8")
    pairs = [block.split("\nmsgstr ") for block in source.split("msgid ")[2:]]
    with (CATALOGUE / "django.mo").open("rb") as file:
        compiled = gettext.GNUTranslations(file)
    assert len(pairs) > 60 and "fuzzy" not in source
    for key, value in pairs:
        words = key.strip().strip('"')
        said = value.split("\n")[0].strip().strip('"')
        assert said, f"{words} has no translation"
        assert compiled.gettext(words) == said, "compile the catalogue again: msgfmt"


def test_the_paper_form_is_whole_in_chinese_with_its_letters_in_the_file(client: Client) -> None:
    asked = make_round(closes_on=FAR)
    whole_in_chinese(asked)
    client.force_login(make_user())
    address = reverse("round-paper", args=[asked.pk])
    assert f"{address}?lang=zh-hant" in client.get(asked.get_absolute_url()).text
    body = drawn(client, address + "?lang=zh-hant")
    report = validator.validate_pdf_bytes(body, profile=validator.ValidationProfile.PDF_UA_1)
    assert [str(failure) for failure in report.failures] == []
    streams = re.findall(rb"stream\r?\n(.*?)endstream", body, re.DOTALL)
    inside = body + b"".join(map(unpacked, streams))
    assert b"Noto-Sans-TC" in inside or b"NotoSansTC" in inside
    english = drawn(client, address + "?lang=klingon")
    assert english[:5] == b"%PDF-" and len(english) < len(body)


def unpacked(stream: bytes) -> bytes:
    try:
        return zlib.decompress(stream)
    except zlib.error:
        return b""


def test_every_sign_of_the_translation_is_in_the_letters_that_are_shipped() -> None:
    source = (CATALOGUE / "django.po").read_text(encoding="utf-8")
    said = "".join(line for line in source.splitlines() if line.startswith("msgstr"))
    standard = "".join(str(row["translations"]) for row in STANDARD_QUESTIONS)
    signs = {sign for sign in said + standard if ord(sign) > 0x2E80}
    held: set[int] = set()
    for font in (settings.BASE_DIR / "static" / "fonts").glob("noto-sans-tc-*.woff2"):
        held |= set(TTFont(font).getBestCmap())
    assert {sign for sign in signs if ord(sign) not in held} == set()
