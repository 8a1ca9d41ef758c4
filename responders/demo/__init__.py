"""The demo: a small social network on loopback, a morning of posts, the real daemon on it, and a reviewer where nobody is there."""
