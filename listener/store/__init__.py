"""The store: what was heard and how it was judged."""
