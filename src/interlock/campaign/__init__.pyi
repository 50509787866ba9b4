from . import planning as planning, repeatability as repeatability
from .agenda import (
    Agenda as Agenda,
)
from .controls import (
    ControlRecord as ControlRecord,
)
from .followups import (
    Why as Why,
    released as released,
)
from .jobs import (
    Installed as Installed,
    Installing as Installing,
    Kept as Kept,
    Probing as Probing,
)
from .loop import (
    Campaign as Campaign,
    Follow as Follow,
)
from .planning import (
    Plan as Plan,
    Rerun as Rerun,
)
from .progress import (
    ControlRan as ControlRan,
    Judged as Judged,
    LeftOpen as LeftOpen,
    Planned as Planned,
    Progress as Progress,
    Withdrawn as Withdrawn,
)
from .rejudging import (
    Rejudged as Rejudged,
    judge_again as judge_again,
)
from .results import (
    publish_results as publish_results,
)
from .session import (
    Finished as Finished,
    Session as Session,
)
