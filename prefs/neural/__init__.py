"""The neural reward model: a scalar head on a language model, trained on pairs. Modules that need torch say so."""
