from . import (
    windows as windows,
)
from .advice import (
    Advice as Advice,
    Move as Move,
    Recommendation as Recommendation,
    recommendations as recommendations,
    yanked as yanked,
)
from .attribution import (
    OPEN as OPEN,
    WHOSE as WHOSE,
    Attribution as Attribution,
)
from .baselines import (
    LOOKS as LOOKS,
    Pool as Pool,
    counts as counts,
    fails_early as fails_early,
    places as places,
    plain as plain,
    pool as pool,
    present as present,
)
from .criteria import (
    everything as everything,
    is_amplified as is_amplified,
)
from .findings import (
    Findings as Findings,
    ForApplication as ForApplication,
)
from .likeness import (
    TROUBLE as TROUBLE,
)
from .question import (
    Answer as Answer,
    AnswerBasis as AnswerBasis,
    ConfigurationAnswer as ConfigurationAnswer,
    Neighbours as Neighbours,
    Question as Question,
    answer as answer,
)
from .ratio import (
    Ratio as Ratio,
    ratio_of as ratio_of,
)
from .weighing import (
    TOGETHER as TOGETHER,
)
from .workarounds import (
    TriedWorkaround as TriedWorkaround,
    WorkaroundKind as WorkaroundKind,
    WorkaroundRecord as WorkaroundRecord,
    Workarounds as Workarounds,
    record as record,
)
