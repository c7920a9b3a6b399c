from django.apps import AppConfig


class WorkflowsUiConfig(AppConfig):
    name = "workflows_ui"

    def ready(self) -> None:
        from workflows_ui import signals  # noqa: F401 - connects them
