"""The page: theme, islands and tabs. The only package that imports Gradio."""
