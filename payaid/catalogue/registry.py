"""The catalogue: every declaration, found by the words of a path in one dictionary look-up."""

from collections.abc import Iterable

from payaid.catalogue.resource import DeclarationError, Resource
from payaid.catalogue.summary import Summary


class Catalogue:
    """All resources and summaries; refuses two that claim one path, and relations that lead nowhere."""

    def __init__(self, resources: Iterable[Resource], summaries: Iterable[Summary] = ()) -> None:
        self.resources = tuple(sorted(resources, key=lambda one: one.path))
        self.summaries = tuple(summaries)
        self.by_path: dict[str, Resource] = {}
        self.by_name: dict[str, Resource] = {}
        self.by_table: dict[str, Resource] = {}
        for one in self.resources:
            self._claim(self.by_path, one.path, one)
            self._claim(self.by_name, one.name, one)
            self._claim(self.by_table, one.table, one)
            if one.alias:
                self._claim(self.by_path, one.name, one)
        for one in self.resources:
            for index, relation in enumerate(one.relations):
                where = f"{one.path}.relations[{index}] ({relation.name})"
                other = self.by_name.get(relation.resource)
                if other is None:
                    raise DeclarationError(f"{where}: no resource {relation.resource}")
                column = other.columns.get(relation.column)
                if column is None or column.refers_to != one.table:
                    raise DeclarationError(f"{where}: {other.path}.{relation.column} does not refer to {one.table}")
        self.modules = tuple(sorted({one.module for one in self.resources}))

    @staticmethod
    def _claim(index: dict[str, Resource], key: str, resource: Resource) -> None:
        if key in index:
            raise DeclarationError(f"{resource.path}: {key} is taken by {index[key].path}")
        index[key] = resource
