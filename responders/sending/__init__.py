"""The parts of sending: the last look before an answer leaves, how an attempt ends, doubt, and taking back."""
