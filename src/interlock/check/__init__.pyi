from .found import (
    DependencyFile as DependencyFile,
    Mention as Mention,
    Project as Project,
    Unread as Unread,
    joined as joined,
)
from .project import (
    read_environment as read_environment,
    read_project as read_project,
)
