"""Pictures and video become `Patches`: rows of pixels on the grid that the vision tower reads.

Importing this package loads neither torch nor FFmpeg; they load with the first picture or video.
"""

from .blocks import media_from_block
from .evidence import contact_sheet, crop
from .image import Image
from .patches import Patches
from .plan import Plan
from .policy import MediaPolicy
from .resize import VisionSettings
from .sniff import kind_of
from .track import Report
from .video import Video, VideoInfo

__all__ = [
    "Image",
    "MediaPolicy",
    "Patches",
    "Plan",
    "Report",
    "Video",
    "VideoInfo",
    "VisionSettings",
    "contact_sheet",
    "crop",
    "kind_of",
    "media_from_block",
]
