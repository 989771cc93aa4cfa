"""The rows of the bench, each a coroutine that measures and returns figures."""
