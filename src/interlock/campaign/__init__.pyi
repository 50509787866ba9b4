from . import planning as planning
from . import repeatability as repeatability
from .agenda import (
    Agenda as Agenda,
)
from .controls import (
    ControlRecord as ControlRecord,
)
from .followups import (
    Why as Why,
)
from .followups import (
    released as released,
)
from .jobs import (
    Installed as Installed,
)
from .jobs import (
    Installing as Installing,
)
from .jobs import (
    Kept as Kept,
)
from .jobs import (
    Probing as Probing,
)
from .loop import (
    Campaign as Campaign,
)
from .loop import (
    Follow as Follow,
)
from .planning import (
    Plan as Plan,
)
from .planning import (
    Rerun as Rerun,
)
from .progress import (
    ControlRan as ControlRan,
)
from .progress import (
    Judged as Judged,
)
from .progress import (
    LeftOpen as LeftOpen,
)
from .progress import (
    Planned as Planned,
)
from .progress import (
    Progress as Progress,
)
from .progress import (
    Withdrawn as Withdrawn,
)
from .rejudging import (
    Rejudged as Rejudged,
)
from .rejudging import (
    judge_again as judge_again,
)
from .results import (
    publish_results as publish_results,
)
from .session import (
    Finished as Finished,
)
from .session import (
    Session as Session,
)
