"""The only code with outside effects: approved replies leave here, once."""

from .outbox import deliver, retry, settle

__all__ = ["deliver", "retry", "settle"]
