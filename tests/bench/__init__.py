"""How fast things are, as "name: value" lines. Figures, not tests: nothing fails here."""
