"""What test_x_channel promises, once more, with every request and answer held against X's own description."""

from tests.contracts.test_x_channel import *  # noqa: F403
