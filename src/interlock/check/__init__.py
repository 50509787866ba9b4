"""Dependency files → the tested libraries in them → an answer and an exit code. Runs nothing.

``__init__.pyi`` lists what other rooms may use. Each name is imported when it is first used.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
