from . import windows as windows
from .advice import (
    Move as Move,
)
from .advice import (
    Recommendation as Recommendation,
)
from .advice import (
    recommendations as recommendations,
)
from .advice import (
    yanked as yanked,
)
from .attribution import (
    WHOSE as WHOSE,
)
from .baselines import (
    LOOKS as LOOKS,
)
from .baselines import (
    Pool as Pool,
)
from .baselines import (
    counts as counts,
)
from .baselines import (
    fails_early as fails_early,
)
from .baselines import (
    plain as plain,
)
from .baselines import (
    pool as pool,
)
from .baselines import (
    present as present,
)
from .criteria import (
    everything as everything,
)
from .criteria import (
    is_amplified as is_amplified,
)
from .effects import (
    OfferedWorkaround as OfferedWorkaround,
)
from .effects import (
    WorkaroundEffect as WorkaroundEffect,
)
from .effects import (
    offered as offered,
)
from .findings import (
    Findings as Findings,
)
from .findings import (
    ForApplication as ForApplication,
)
from .likeness import (
    TROUBLE as TROUBLE,
)
from .likeness import (
    intermittent as intermittent,
)
from .question import (
    Answer as Answer,
)
from .question import (
    AnswerBasis as AnswerBasis,
)
from .question import (
    ConfigurationAnswer as ConfigurationAnswer,
)
from .question import (
    Neighbours as Neighbours,
)
from .question import (
    Question as Question,
)
from .question import (
    answer as answer,
)
from .rates import (
    HangsAlone as HangsAlone,
)
from .rates import (
    Rates as Rates,
)
from .ratio import (
    Ratio as Ratio,
)
from .summary import (
    Summary as Summary,
)
from .summary import (
    is_own as is_own,
)
from .workarounds import (
    TriedWorkaround as TriedWorkaround,
)
from .workarounds import (
    record as record,
)
