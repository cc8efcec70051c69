"""Which source a result was made with."""

import subprocess
from pathlib import Path


def source_commit() -> str:
    """Return the commit of the checkout that the package lies in, or ''.

    ``-dirty`` is appended where files differ from the commit.
    """
    try:
        result = subprocess.run(
            ["git", "describe", "--always", "--dirty"],
            cwd=Path(__file__).parent,
            capture_output=True,
            text=True,
            timeout=10,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return result.stdout.strip() if result.returncode == 0 else ""
