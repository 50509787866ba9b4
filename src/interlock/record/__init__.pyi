from . import kept as kept, rows as rows, schema as schema, table as table
from .audits import (
    join_audits as join_audits,
    read_audits as read_audits,
    write_audits as write_audits,
)
from .columns import (
    Columns as Columns,
    Some as Some,
)
from .control_results import (
    campaigns_in as campaigns_in,
    write_controls as write_controls,
)
from .examples import (
    find_examples as find_examples,
)
from .files import (
    Batch as Batch,
)
from .kept import (
    Kept as Kept,
)
from .ledger import (
    CampaignRecord as CampaignRecord,
    Ledger as Ledger,
    repair as repair,
)
from .listed import (
    MACHINE as MACHINE,
    NONE_LISTED as NONE_LISTED,
    ListedRelease as ListedRelease,
    ListedReleases as ListedReleases,
)
from .measures import (
    write_measures as write_measures,
)
from .order import (
    in_order as in_order,
    text_key as text_key,
)
from .published import (
    VERDICTS as VERDICTS,
    read_published as read_published,
)
from .releases import (
    read_releases as read_releases,
)
from .results import (
    SIGNATURES as SIGNATURES,
    Results as Results,
    check_destination as check_destination,
    read_results as read_results,
    rewrite_results as rewrite_results,
    verdicts_digest as verdicts_digest,
    write_results as write_results,
    write_rows as write_rows,
)
from .schema import (
    SCHEMA_VERSION as SCHEMA_VERSION,
)
