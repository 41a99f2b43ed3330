"""For the machines that watch: is the process alive, and can it do its work?"""

from __future__ import annotations

from collections.abc import Callable

from celery import current_app
from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from kombu.exceptions import OperationalError as BrokerError

from ..views_base import PublicView


class Healthz(PublicView):
    """The process answers. Asks nothing of any other server."""

    def get(self, request: HttpRequest) -> HttpResponse:
        return JsonResponse({"status": "ok"})


def database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        cursor.fetchone()


def migrations() -> None:
    executor = MigrationExecutor(connection)
    waiting = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if waiting:
        raise LookupError(f"{len(waiting)} migrations wait to be applied")


def broker() -> None:
    with current_app.connection_for_write(connect_timeout=2) as link:
        link.ensure_connection(max_retries=0, timeout=2)


PARTS: dict[str, Callable[[], None]] = {
    "database": database,
    "migrations": migrations,
    "broker": broker,
}


class Readyz(PublicView):
    """200 when every part answers, 503 with the part that does not. Says no more than its name."""

    def get(self, request: HttpRequest) -> HttpResponse:
        parts: dict[str, str] = {}
        for name, ask in PARTS.items():
            try:
                ask()
            except (DatabaseError, BrokerError, LookupError, OSError) as error:
                parts[name] = f"failed: {error}" if settings.DEBUG else "failed"
            else:
                parts[name] = "ok"
        ready = all(answer == "ok" for answer in parts.values())
        return JsonResponse(
            {"status": "ok" if ready else "failed", "parts": parts}, status=200 if ready else 503
        )
