"""The bundled small orchestrator: its words, its request and its decisions, without torch."""
