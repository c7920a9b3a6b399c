from django.apps import AppConfig


class WorkflowsUiConfig(AppConfig):
    name = "workflows_ui"
