"""What test_x_messages promises, once more, with every request and answer held against X's own description."""

from tests.contracts.test_x_messages import *  # noqa: F403
