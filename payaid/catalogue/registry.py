"""The catalogue: every declaration, found by the words of a path in one dictionary look-up."""

from collections.abc import Iterable

from payaid.catalogue.action import Action
from payaid.catalogue.resource import DeclarationError, Resource
from payaid.catalogue.summary import Summary


class Catalogue:
    """All resources, summaries and verbs that stand alone; refuses two that claim one path, and what leads nowhere."""

    def __init__(
        self, resources: Iterable[Resource], summaries: Iterable[Summary] = (), actions: Iterable[Action] = ()
    ) -> None:
        self.resources = tuple(sorted(resources, key=lambda one: one.path))
        self.summaries = tuple(summaries)
        self.actions = tuple(sorted(actions, key=lambda one: one.path))
        self.action_by_path: dict[str, Action] = {}
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
            self._lead_somewhere(one)
        for action in self.actions:
            self._stand_alone(action)
        self.modules = tuple(sorted({one.module for one in self.resources}))

    def _lead_somewhere(self, resource: Resource) -> None:
        for action in resource.actions:
            where = f"{resource.path}.actions ({action.name})"
            if action.makes and action.makes not in self.by_name:
                raise DeclarationError(f"{where}: no resource {action.makes}")
            for name in action.reads:
                if resource.columns[name].refers_to not in self.by_table:
                    raise DeclarationError(f"{where}: {name} is no resource's row")

    def _stand_alone(self, action: Action) -> None:
        if not action.alone or action.makes or action.reads:
            raise DeclarationError(f"{action.path}: a verb that stands alone names its module, and writes a job")
        for path in (action.path, action.name):
            if path in self.by_path or path in self.action_by_path:
                raise DeclarationError(f"{action.path}: {path} is taken")
            self.action_by_path[path] = action

    @staticmethod
    def _claim(index: dict[str, Resource], key: str, resource: Resource) -> None:
        if key in index:
            raise DeclarationError(f"{resource.path}: {key} is taken by {index[key].path}")
        index[key] = resource
