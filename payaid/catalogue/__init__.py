"""The language in which the business is declared. A catalogue: field, resource, summary, registry.

Pure: it knows no HTTP and no SQL driver. A declaration validates itself and names the path of its mistake.
"""

from payaid.catalogue.field import Field, Kind
from payaid.catalogue.registry import Catalogue
from payaid.catalogue.resource import DeclarationError, Facts, Lines, Numbering, Relation, Resource
from payaid.catalogue.summary import Block, Condition, Figure, Summary

__all__ = [
    "Block",
    "Catalogue",
    "Condition",
    "DeclarationError",
    "Facts",
    "Field",
    "Figure",
    "Kind",
    "Lines",
    "Numbering",
    "Relation",
    "Resource",
    "Summary",
]
