"""A store on a server: the same SQL said to PostgreSQL. Whoever opens or looks at one comes in by `listener.store.opening` or `looking`."""
