"""How the page looks: colors, fonts and places."""

import gradio as gr

STYLE = """
.gradio-container { max-width: 1200px; margin: auto; }
/* Tiles as wide as there is room for, in the shape of the picture. */
#attention .grid-wrap { max-height: none; min-height: 0; }
#attention .grid-container {
    grid-template: none;
    grid-template-columns: repeat(auto-fit, minmax(220px, 1fr));
    grid-auto-rows: auto;
}
#attention .thumbnail-lg { aspect-ratio: auto; height: auto; }
/* They would fetch a program from the network to cut the clip with. */
[aria-label="Reset video to initial value"], [aria-label="Trim video to selection"] {
    display: none;
}
"""
"""CSS of the page."""


def page_theme() -> gr.Theme:
    """Return colors and the system's own fonts: nothing is fetched."""
    theme = gr.themes.Soft(
        primary_hue="sky",
        secondary_hue="sky",
        neutral_hue="slate",
        font=["system-ui", "sans-serif"],
        font_mono=["ui-monospace", "monospace"],
    )
    # The first is Soft's own, which a call of set() would lose.
    return theme.set(
        background_fill_primary="*neutral_50", checkbox_border_color="*neutral_400"
    )
