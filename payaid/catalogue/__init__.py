"""The language in which the business is declared. A catalogue: field, action, resource, summary, registry.

Pure: it knows no HTTP and no SQL driver. A declaration validates itself and names the path of its mistake.
"""

from payaid.catalogue.action import Action, Asked, JobAsked, Outcome
from payaid.catalogue.field import Field, Kind
from payaid.catalogue.leaving import Leaving
from payaid.catalogue.registry import Catalogue
from payaid.catalogue.resource import DeclarationError, Facts, Lines, Numbering, Relation, Resource
from payaid.catalogue.summary import Block, Condition, Figure, Summary

__all__ = [
    "Action",
    "Asked",
    "Block",
    "Catalogue",
    "Condition",
    "DeclarationError",
    "Facts",
    "Field",
    "Figure",
    "JobAsked",
    "Kind",
    "Leaving",
    "Lines",
    "Numbering",
    "Outcome",
    "Relation",
    "Resource",
    "Summary",
]
