"""The offices of the editing tests serve here too."""

from tests.content.editing.conftest import offices, other, own

__all__ = ["offices", "other", "own"]
