from django.apps import AppConfig


class Bitrix24Config(AppConfig):
    name = "b24app"

    def ready(self) -> None:
        from b24app import checks  # noqa: F401  (registers the system checks)
