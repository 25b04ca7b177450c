"""The world of paid work, where `reconcile` looks after what is left in it."""

from tests.escalation.submission.conftest import make_world, world

__all__ = ["make_world", "world"]
