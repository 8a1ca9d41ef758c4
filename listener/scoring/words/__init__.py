"""The phrase files, one a language; see `listener.scoring.notation` for how they are written."""
