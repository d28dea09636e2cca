"""The fit of the preference vector from rankings: `from prefs.fit.preference import fit`."""
