"""The daemon as a service: what it shows of itself, to the system that keeps it running and to whoever watches."""
