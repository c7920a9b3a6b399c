from django.apps import AppConfig


class VaultConfig(AppConfig):
    name = "console.vault"
    label = "vault"

    def ready(self) -> None:
        from console.vault import checks  # noqa: F401 - registers them
