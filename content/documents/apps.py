from django.apps import AppConfig


class DocumentsConfig(AppConfig):
    name = "content.documents"
    label = "content_documents"
    verbose_name = "Documents"
