"""A mark for tests of optional packages, which does not import them to find out.

All workers collect all modules: what those import costs each of them its seconds.
"""

from importlib.util import find_spec

import pytest


def needs(*packages: str, extra: str) -> pytest.MarkDecorator:
    """Return a mark that leaves tests out where one of the packages is missing."""
    missing = [name for name in packages if find_spec(name) is None]
    return pytest.mark.skipif(bool(missing), reason=f"needs the extra {extra}")
