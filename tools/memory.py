"""How often Python looks for unreachable objects."""

import gc


def search_rarely() -> None:
    """Look for unreachable objects a hundred times less often than usual.

    The trees of a long document live until it is written; searching them again and again takes as long as making them.
    """
    gc.set_threshold(200_000, 20, 100)
