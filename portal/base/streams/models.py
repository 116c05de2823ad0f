"""One row a live stream: its sequence number is the truth about whether a screen is up to date."""

from django.db import models


class Stream(models.Model):
    """A named stream, such as `centre:310106019000-C` or `session:<id>`."""

    name = models.CharField(max_length=80, primary_key=True)
    seq = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.name} {self.seq}"
