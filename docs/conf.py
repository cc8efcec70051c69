"""The documentation site: ``make docs`` builds it, with warnings as errors."""

import lanedet

project = "lanedet"
author = "The lanedet authors"
copyright = f"2026, {author}"  # noqa: A001 - Sphinx's own name
version = release = lanedet.__version__

extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx.ext.viewcode",
    "sphinx_copybutton",
]
exclude_patterns = ["_build", "jupyter_execute"]
html_theme = "furo"
html_title = "lanedet"
html_static_path = []

# The notebook holds what its own run printed; a test runs it.
nb_execution_mode = "off"
myst_enable_extensions = ["deflist"]
myst_heading_anchors = 3
myst_links_external_new_tab = True
# Links into the code lead to the files, which are not pages.
suppress_warnings = ["myst.header"]

autodoc_default_options = {"members": True, "show-inheritance": True}
autodoc_member_order = "bysource"
autodoc_typehints = "description"
autodoc_typehints_description_target = "documented"
# Only the page of lanedet app needs them, and they take seconds to import.
autodoc_mock_imports = ["fastapi", "gradio", "uvicorn"]
napoleon_google_docstring = True
napoleon_numpy_docstring = False
napoleon_use_rtype = False
copybutton_prompt_text = r">>> |\$ "
copybutton_prompt_is_regexp = True
