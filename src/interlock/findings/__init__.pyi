from . import (
    captions as captions,
    expected as expected,
    headlines as headlines,
    maps as maps,
    sentences as sentences,
    windows as windows,
)
from .advice import (
    Move as Move,
    by_preference as by_preference,
    to_find as to_find,
    yanked as yanked,
)
from .around import (
    Elsewhere as Elsewhere,
    Neighbours as Neighbours,
)
from .attribution import (
    WHOSE as WHOSE,
)
from .audit import (
    ErrorRate as ErrorRate,
    draw as draw,
    rate_of as rate_of,
    rates_by_rule as rates_by_rule,
    with_results as with_results,
)
from .baselines import (
    LOOKS as LOOKS,
    fails_early as fails_early,
    plain as plain,
    present as present,
)
from .boxes import (
    Box as Box,
    Cross as Cross,
    crosses as crosses,
)
from .chances import (
    ByChance as ByChance,
)
from .coverage import (
    Coverage as Coverage,
    State as State,
    shortfall as shortfall,
)
from .criteria import (
    Bounds as Bounds,
    bounds_by as bounds_by,
    everything as everything,
    is_amplified as is_amplified,
)
from .effects import (
    OfferedWorkaround as OfferedWorkaround,
)
from .findings import (
    Findings as Findings,
    ForApplication as ForApplication,
)
from .inference import (
    AnswerBasis as AnswerBasis,
    TrackMap as TrackMap,
)
from .kinds import (
    KindNote as KindNote,
    instead_of_pass as instead_of_pass,
)
from .likeness import (
    TROUBLE as TROUBLE,
    intermittent as intermittent,
)
from .maps import (
    Installs as Installs,
    Pairs as Pairs,
    in_order as in_order,
)
from .noted import (
    NOTHING_NOTED as NOTHING_NOTED,
    Noted as Noted,
    notes as notes,
)
from .pools import (
    Pool as Pool,
    counts as counts,
    pool as pool,
)
from .question import (
    Answer as Answer,
    Question as Question,
    SituationAnswer as SituationAnswer,
    answer as answer,
    every_situation as every_situation,
    in_situation as in_situation,
)
from .rare import (
    LineRate as LineRate,
    Rare as Rare,
    RareHang as RareHang,
    hangs_rarely as hangs_rarely,
    joined as joined,
)
from .rates import (
    HangsAlone as HangsAlone,
    Rates as Rates,
)
from .ratio import (
    Ratio as Ratio,
)
from .scopes import (
    Barred as Barred,
    Evidence as Evidence,
    OnEveryPython as OnEveryPython,
    SmallestMove as SmallestMove,
)
from .searched import (
    SearchedWindow as SearchedWindow,
    hanging_windows as hanging_windows,
)
from .situation import (
    Seen as Seen,
)
from .space import (
    Observation as Observation,
    ReleaseAxis as ReleaseAxis,
    Space as Space,
    Spot as Spot,
    keys_today as keys_today,
    observations as observations,
)
from .standing import (
    Recommendation as Recommendation,
    Standing as Standing,
)
from .stretches import (
    Stretch as Stretch,
    along_row as along_row,
)
from .strip import (
    Run as Run,
    Strip as Strip,
)
from .summary import (
    Summary as Summary,
    is_own as is_own,
)
from .untested import (
    refusal as refusal,
)
from .weighing import (
    Trouble as Trouble,
)
from .workarounds import (
    TriedWorkaround as TriedWorkaround,
    record as record,
)
