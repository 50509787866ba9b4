from . import controls as controls
from . import planning as planning
from . import repeatability as repeatability
from .agenda import (
    Agenda as Agenda,
)
from .controls import (
    Answers as Answers,
)
from .controls import (
    Told as Told,
)
from .followups import (
    Why as Why,
)
from .followups import (
    released as released,
)
from .loop import (
    Answered as Answered,
)
from .loop import (
    Campaign as Campaign,
)
from .loop import (
    Follow as Follow,
)
from .loop import (
    Judged as Judged,
)
from .loop import (
    LeftOpen as LeftOpen,
)
from .loop import (
    Planned as Planned,
)
from .loop import (
    Progress as Progress,
)
from .loop import (
    Withdrawn as Withdrawn,
)
from .loop import (
    answers_in as answers_in,
)
from .loop import (
    verdict_of as verdict_of,
)
from .planning import (
    Plan as Plan,
)
from .planning import (
    Rerun as Rerun,
)
from .trial import (
    Setting as Setting,
)
from .work import (
    Installed as Installed,
)
from .work import (
    Installing as Installing,
)
from .work import (
    Kept as Kept,
)
from .work import (
    Probing as Probing,
)
