"""Template tags for the shared page parts."""

from __future__ import annotations

from django import template

register = template.Library()
