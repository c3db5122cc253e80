"""How `functions/` and its locked dependencies become zips; `components/bundle.py` is the entrance."""
