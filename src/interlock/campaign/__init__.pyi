from . import (
    planning as planning,
    repeatability as repeatability,
)
from .agenda import (
    Agenda as Agenda,
)
from .controls import (
    ControlRecord as ControlRecord,
)
from .counting import (
    MOST_AT_ONCE as MOST_AT_ONCE,
    Count as Count,
    count as count,
)
from .exploring import (
    Audit as Audit,
    Exploration as Exploration,
    surveys_of as surveys_of,
)
from .followups import (
    Why as Why,
)
from .jobs import (
    Installed as Installed,
    Installing as Installing,
    Kept as Kept,
    Probing as Probing,
)
from .listing import (
    listed_releases as listed_releases,
)
from .loop import (
    Follow as Follow,
)
from .planning import (
    Plan as Plan,
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
    judge_again as judge_again,
)
from .results import (
    publish_results as publish_results,
)
from .search import (
    SearchTrack as SearchTrack,
    Tried as Tried,
    next_cells as next_cells,
    track_maps as track_maps,
)
from .session import (
    Finished as Finished,
    Session as Session,
)
from .survey import (
    Survey as Survey,
)
