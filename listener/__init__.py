"""The ear: hears what people say about a brand, understands it, remembers it.

Nothing in this package can publish. `responders` imports `listener`; the other direction is refused by an import contract, so
"listen only" is a property of the building and not a setting.
"""
