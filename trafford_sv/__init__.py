"""The project package: the roof (urls, wsgi, asgi, celery, api) over core and directory."""

from .celery import app as celery_app

__all__ = ["celery_app"]
