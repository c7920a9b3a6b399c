from django.apps import AppConfig


class TeamConfig(AppConfig):
    name = "console.team"
    label = "team"
