"""The palette as a Gradio theme: no stock colour, no web font."""

import gradio as gr

from webapp.views import palette


class PodiumTheme(gr.themes.Base):
    """Gradio's own components in the page's tokens, light and dark."""

    def __init__(self) -> None:
        super().__init__(
            font=[palette.SANS],
            font_mono=[palette.MONO],
            spacing_size=gr.themes.sizes.spacing_sm,
            radius_size=gr.themes.sizes.radius_md,
            text_size=gr.themes.sizes.text_md,
        )
        for names, token in _COLOURS.items():
            for name in names.split():
                setattr(self, name, palette.TOKENS[token].light)
                setattr(self, f"{name}_dark", palette.TOKENS[token].dark)
        for name, value in _FIXED.items():
            setattr(self, name, value)
            if hasattr(self, f"{name}_dark"):
                setattr(self, f"{name}_dark", value)


_COLOURS = {
    "body_background_fill": "paper",
    "background_fill_primary block_background_fill input_background_fill checkbox_background_color": "surface",
    "input_background_fill_focus input_background_fill_hover checkbox_label_background_fill": "surface",
    "checkbox_label_background_fill_hover": "raised",
    "background_fill_secondary panel_background_fill block_label_background_fill code_background_fill": "paper",
    "table_odd_background_fill table_even_background_fill button_secondary_background_fill": "surface",
    "button_secondary_background_fill_hover table_row_focus stat_background_fill": "raised",
    "button_cancel_background_fill": "surface",
    "button_cancel_background_fill_hover": "bad-soft",
    "body_text_color block_title_text_color accordion_text_color table_text_color": "ink",
    "button_secondary_text_color button_secondary_text_color_hover checkbox_label_text_color": "ink",
    "body_text_color_subdued block_info_text_color block_label_text_color input_placeholder_color": "ink-2",
    "border_color_primary block_border_color table_border_color panel_border_color": "line",
    "block_label_border_color checkbox_label_border_color button_secondary_border_color": "line",
    "input_border_color input_border_color_hover checkbox_border_color checkbox_border_color_hover": "line-2",
    "input_border_color_focus border_color_accent checkbox_border_color_focus": "accent",
    "checkbox_border_color_selected checkbox_background_color_selected color_accent": "accent",
    "slider_color loader_color": "accent",
    "button_primary_background_fill link_text_color link_text_color_visited link_text_color_active": "accent",
    "button_primary_border_color checkbox_label_border_color_selected": "accent",
    "button_primary_background_fill_hover button_primary_border_color_hover link_text_color_hover": "accent-2",
    "button_primary_text_color button_primary_text_color_hover": "on-accent",
    "color_accent_soft border_color_accent_subdued checkbox_label_background_fill_selected": "accent-soft",
    "checkbox_label_text_color_selected": "ink",
    "button_secondary_border_color_hover checkbox_label_border_color_hover": "line-2",
    "error_background_fill": "bad-soft",
    "error_border_color error_text_color error_icon_color button_cancel_text_color": "bad",
    "button_cancel_text_color_hover button_cancel_border_color button_cancel_border_color_hover": "bad",
}
"""Theme variables (several to a key) and the token each takes."""

_FIXED = {
    "block_shadow": "none",
    "block_border_width": "0px",
    "block_padding": "0px",
    "block_title_text_size": "*text_sm",
    "block_title_text_weight": "600",
    "block_info_text_size": "*text_xs",
    "button_primary_shadow": "none",
    "button_primary_shadow_hover": "none",
    "button_secondary_shadow": "none",
    "button_secondary_shadow_hover": "none",
    "input_shadow": "none",
    "input_shadow_focus": "none",
    "checkbox_label_shadow": "none",
    "checkbox_label_padding": "5px 10px",
    "checkbox_label_gap": "6px",
    "form_gap_width": "0px",
    "layout_gap": "14px",
}
