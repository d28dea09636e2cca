"""The page's look for Plotly: one template for light, one for dark."""

from typing import Literal

import plotly.graph_objects as go

from webapp.views import palette

Mode = Literal["light", "dark"]


def template(mode: Mode) -> go.layout.Template:
    """Plotly template in the page's tokens."""

    def token(name: str) -> str:
        return str(getattr(palette.TOKENS[name], mode))

    axis = {
        "gridcolor": token("line"),
        "linecolor": token("line-2"),
        "zerolinecolor": token("line-2"),
        "tickcolor": token("line-2"),
        "tickfont": {"color": token("ink-2"), "size": 12},
        "title": {"font": {"color": token("ink-2"), "size": 12}, "standoff": 8},
        "automargin": True,
    }
    return go.layout.Template(
        layout={
            "font": {"family": palette.SANS, "size": 13, "color": token("ink")},
            "paper_bgcolor": token("surface"),
            "plot_bgcolor": token("surface"),
            "colorway": [getattr(shade, mode) for shade in palette.ALIASES.values()],
            "xaxis": axis,
            "yaxis": axis,
            "hoverlabel": {
                "bgcolor": token("raised"),
                "bordercolor": token("line-2"),
                "font": {"family": palette.SANS, "size": 13, "color": token("ink")},
                "align": "left",
            },
            "margin": {"l": 8, "r": 16, "t": 12, "b": 8},
            "showlegend": False,
            "bargap": 0.35,
        }
    )


def blank(x_title: str, y_title: str, height: int) -> go.Figure:
    """An empty figure with these axes, in the light look; the browser swaps the look for dark."""
    figure = go.Figure()
    figure.update_layout(
        template=template("light"),
        height=height,
        xaxis={"title": {"text": x_title}},
        yaxis={"title": {"text": y_title}},
    )
    return figure
