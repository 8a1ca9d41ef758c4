"""What test_x_source promises, once more, with every request and answer held against X's own description."""

from tests.contracts.test_x_source import *  # noqa: F403
