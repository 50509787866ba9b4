"""Decides what runs and in which order: the plan, its follow-ups, and the loop.

``__init__.pyi`` lists what other rooms may use; each name is imported when it is first used.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
