"""CommerceML, the files of 1C: everything that knows Russian element names and lxml.

`read` turns a file into records (exchange/records.py); `pieces.walk` finds out what changed without parsing all of it.
"""

from exchange.commerceml.errors import Oddities, UnreadableFile
from exchange.commerceml.reader import READER_VERSION, read

__all__ = ["READER_VERSION", "Oddities", "UnreadableFile", "read"]
