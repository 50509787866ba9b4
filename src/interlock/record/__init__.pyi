from . import rows as rows
from . import schema as schema
from . import table as table
from .control_results import (
    campaigns_in as campaigns_in,
)
from .control_results import (
    write_controls as write_controls,
)
from .examples import (
    find_examples as find_examples,
)
from .ledger import (
    CampaignRecord as CampaignRecord,
)
from .ledger import (
    Ledger as Ledger,
)
from .measures import (
    MEASURES as MEASURES,
)
from .measures import (
    write_measures as write_measures,
)
from .order import (
    in_order as in_order,
)
from .order import (
    text_key as text_key,
)
from .results import (
    Results as Results,
)
from .results import (
    read_results as read_results,
)
from .results import (
    write_results as write_results,
)
from .results import (
    write_rows as write_rows,
)
from .rows import (
    VERDICTS as VERDICTS,
)
from .schema import (
    SCHEMA_VERSION as SCHEMA_VERSION,
)
