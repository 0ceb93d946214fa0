from django.apps import AppConfig


class EvidenceConfig(AppConfig):
    name = "wangge.domain.evidence"
    label = "evidence"

    def ready(self) -> None:
        from wangge.domain.evidence import consumers, tags  # noqa: F401  (declare permissions, listen)
