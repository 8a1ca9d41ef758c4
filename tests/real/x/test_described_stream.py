"""What test_x_stream promises, once more, with every request and answer held against X's own description."""

from tests.contracts.test_x_stream import *  # noqa: F403
