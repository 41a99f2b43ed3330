"""One message and a real server that refuses, hangs up, stalls or says how much it takes."""

from __future__ import annotations

import contextlib
import socketserver
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.mail import EmailMessage

from trafford_sv.core.sending import (
    FAILED,
    IN_DOUBT,
    SENT,
    MailServerAway,
    has_no_such_address,
    is_too_large,
    largest_message_bytes,
    open_connection,
    reopen,
    send_one,
)


class Scripted(socketserver.ThreadingTCPServer):
    """Answers each command by a rule: text is said, None hangs up without a word, and "stall"
    says nothing at all. `taken` are the messages that it has said 250 to."""

    allow_reuse_address = daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Talk)
        self.answers: dict[str, list[str | None]] = {}
        self.taken = 0
        self.lines = 0
        self.size = ""
        self.stop_stalling = threading.Event()

    def answer(self, word: str, usual: str) -> str | None:
        waiting = self.answers.get(word)
        return waiting.pop(0) if waiting else usual


class _Talk(socketserver.StreamRequestHandler):
    server: Scripted

    def say(self, word: str, usual: str) -> bool:
        answer = self.server.answer(word, usual)
        if answer == "stall":
            self.server.stop_stalling.wait(10)
            return False
        if answer is None:
            return False
        self.wfile.write(f"{answer}\r\n".encode())
        return True

    def handle(self) -> None:
        with contextlib.suppress(ConnectionError):
            self.talk()

    def talk(self) -> None:
        self.server.lines += 1
        if not self.say("HELLO", "220 here"):
            return
        while line := self.rfile.readline().decode().strip().upper():
            word = line.split()[0]
            if word == "EHLO":
                self.wfile.write(f"250-here\r\n250 {self.server.size or 'HELP'}\r\n".encode())
            elif word == "DATA":
                refused = bool(self.server.answers.get("DATA"))
                if not self.say("DATA", "354 go on"):
                    return
                if refused:
                    continue
                while self.rfile.readline() not in (b".\r\n", b""):
                    pass
                said = (self.server.answers.get("END") or ["250 taken"])[0]
                self.server.taken += said == "250 taken"
                if not self.say("END", "250 taken"):
                    return
            elif not self.say(word, "250 yes") or word == "QUIT":
                return


@pytest.fixture
def server(settings: Any) -> Iterator[Scripted]:
    with Scripted() as scripted:
        threading.Thread(target=scripted.serve_forever, daemon=True).start()
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", scripted.server_address[1]
        settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
        settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = ""
        settings.EMAIL_TIMEOUT = 1
        yield scripted
        scripted.stop_stalling.set()
        scripted.shutdown()


@pytest.fixture
def connection(server: Scripted) -> Iterator[Any]:
    opened = open_connection()
    yield opened
    opened.close()


def message() -> EmailMessage:
    return EmailMessage("Subject", "Text", "from@example.org", ["to@example.org"])


def test_many_messages_go_over_one_line(server: Scripted, connection: Any) -> None:
    assert [send_one(connection, message())[0] for _ in range(5)] == [SENT] * 5
    assert (server.lines, server.taken) == (1, 5)


@pytest.mark.parametrize("stage", ["MAIL", "RCPT", "DATA", "END"])
@pytest.mark.parametrize("said", ["451 4.3.0 later", "554 5.7.1 no"])
def test_what_is_refused_at_any_stage_did_not_go(
    server: Scripted, connection: Any, stage: str, said: str
) -> None:
    server.answers[stage] = [said]
    assert send_one(connection, message()) == (FAILED, said)
    assert server.taken == 0
    assert send_one(connection, message()) == (SENT, "")


@pytest.mark.parametrize("stage", ["MAIL", "RCPT"])
@pytest.mark.parametrize("said", [None, "421 4.7.0 too many messages on this line"])
def test_a_server_that_hung_up_before_the_text_is_called_again(
    server: Scripted, connection: Any, stage: str, said: str | None
) -> None:
    assert send_one(connection, message()) == (SENT, "")
    server.answers[stage] = [said]
    assert send_one(connection, message()) == (SENT, "")
    assert (server.lines, server.taken) == (2, 2)


def test_one_that_hangs_up_each_time_is_not_called_for_ever(
    server: Scripted, connection: Any
) -> None:
    server.answers["MAIL"] = [None, None, None]
    outcome, why = send_one(connection, message())
    assert outcome == FAILED and why
    assert server.lines <= 2 and server.taken == 0


@pytest.mark.parametrize("answer", [None, "stall"])
def test_a_line_that_breaks_when_the_server_has_the_text_is_in_doubt(
    server: Scripted, connection: Any, answer: str | None
) -> None:
    server.answers["END"] = [answer]
    outcome, why = send_one(connection, message())
    assert outcome == IN_DOUBT and why
    assert send_one(connection, message()) == (SENT, "")


def test_a_server_that_stalls_before_the_text_did_not_get_it(
    server: Scripted, connection: Any
) -> None:
    server.answers["MAIL"] = ["stall", "stall"]
    assert send_one(connection, message())[0] == FAILED
    assert server.taken == 0


def test_what_the_server_takes_at_most_is_read(server: Scripted) -> None:
    for said, wanted in (("", None), ("SIZE 10240000", 10_240_000), ("SIZE 0", None)):
        server.size = said  # 0: no fixed limit
        connection = open_connection()
        assert largest_message_bytes(connection) == wanted
        connection.close()


def test_nobody_there_is_said_before_anything_is_claimed(settings: Any) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    with pytest.raises(MailServerAway, match="did not answer"):
        open_connection()


def test_a_line_is_opened_again(server: Scripted, connection: Any) -> None:
    connection.close()
    reopen(connection)
    assert send_one(connection, message()) == (SENT, "")


@pytest.mark.parametrize(
    ("words", "gone", "large"),
    [
        ("550 5.1.1 nobody here", True, False),
        ("550 No such user", True, False),
        ("553 sorry", True, False),
        ("550 5.7.1 relaying denied", False, False),
        ("554 5.1.2 bad domain", True, False),
        ("451 4.3.0 later", False, False),
        ("552 message too long", False, True),
        ("552 5.3.4 too big", False, True),
        ("554 5.3.4 too big", False, True),
        ("550 5.2.3 too long for this mailbox", False, True),
        ("", False, False),
    ],
)
def test_what_a_refusal_means(words: str, gone: bool, large: bool) -> None:
    assert (has_no_such_address(words), is_too_large(words)) == (gone, large)
