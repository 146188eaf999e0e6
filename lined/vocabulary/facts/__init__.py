"""Facts: what is said, kept and sent inside, as codes with parameters; a file a room that has something to say.

`fact` says what one is and how it is kept; the codes stand beside it.
"""

from lined.vocabulary.facts.batches import SealFact, TakeoverFact
from lined.vocabulary.facts.dates import DatesFact
from lined.vocabulary.facts.devices import DeviceFact
from lined.vocabulary.facts.documents import DocumentFact
from lined.vocabulary.facts.fact import (
    MARK,
    SOMEBODY,
    WORDS,
    Fact,
    FactCode,
    Param,
    column_forms,
    every_code,
    from_column,
    placeholders,
    to_column,
    within,
)
from lined.vocabulary.facts.fields import FieldFact
from lined.vocabulary.facts.line import LineFact
from lined.vocabulary.facts.malformed import MalformedFact
from lined.vocabulary.facts.online import OnlineFact
from lined.vocabulary.facts.orders import OrderFact
from lined.vocabulary.facts.packing import CodeFact, PackageFact, TaskFact
from lined.vocabulary.facts.printing import PrinterFact
from lined.vocabulary.facts.regulator import RegulatorFact
from lined.vocabulary.facts.reports import ReportFact
from lined.vocabulary.facts.scanners import ScannerFact
from lined.vocabulary.facts.service import BrokerFact, CareFact, ServiceFact
from lined.vocabulary.facts.stock import StockFact

__all__ = [
    "MARK",
    "SOMEBODY",
    "WORDS",
    "BrokerFact",
    "CareFact",
    "CodeFact",
    "DatesFact",
    "DeviceFact",
    "DocumentFact",
    "Fact",
    "FactCode",
    "FieldFact",
    "LineFact",
    "MalformedFact",
    "OnlineFact",
    "OrderFact",
    "PackageFact",
    "Param",
    "PrinterFact",
    "RegulatorFact",
    "ReportFact",
    "ScannerFact",
    "SealFact",
    "ServiceFact",
    "StockFact",
    "TakeoverFact",
    "TaskFact",
    "column_forms",
    "every_code",
    "from_column",
    "placeholders",
    "to_column",
    "within",
]
