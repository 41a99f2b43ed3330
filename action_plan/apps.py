"""The app's name for Django."""

from django.apps import AppConfig


class ActionPlanConfig(AppConfig):
    name = "action_plan"
    label = "action_plan"
    verbose_name = "Action Plan"
