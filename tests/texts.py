"""Any text, for tests that draw their examples."""

from functools import partial

from hypothesis import strategies as st

texts = partial(st.text, st.characters(exclude_categories=["Cs"]))
"""Strategy for what UTF-8 can write: all but surrogates.

``st.text()`` draws the same, and tries each character for it, in 2.5 s.
"""
