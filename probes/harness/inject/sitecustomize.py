"""Found by every Python that the app starts: it joins the trial, and nothing else.

The folder is on ``PYTHONPATH``. A launcher may put a ``sitecustomize`` of its own in front. When it
is done, it loads the next one, which is this.
"""

import os
import sys

probes = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, probes)
try:
    from harness import member
finally:
    sys.path.remove(probes)
member.join()
del probes, member
