"""What mmengine's logger shows on the console."""

import logging
import sys

from mmengine.logging import MMLogger
from tqdm import tqdm


def show_only_warnings(logger: MMLogger) -> None:
    """Let a logger's console show warnings alone, as the tools tell all others.

    That is ``warning: <text>`` on stderr, above the progress bars. Log files keep
    everything.

    Args:
        logger: A run's, or ``MMLogger.get_current_instance()`` where there is no run.
    """
    logger.handlers = [
        each if isinstance(each, logging.FileHandler) else _Console(each)
        for each in logger.handlers
    ]


class _Console(logging.Handler):
    def __init__(self, replaced: logging.Handler) -> None:
        super().__init__(max(replaced.level, logging.WARNING))
        for each in replaced.filters:
            self.addFilter(each)

    def emit(self, record: logging.LogRecord) -> None:
        try:
            text = " ".join(record.getMessage().split())
            tqdm.write(f"{record.levelname.lower()}: {text}", file=sys.stderr)
        except Exception:
            self.handleError(record)
