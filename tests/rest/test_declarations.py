"""A declaration that contradicts itself is refused at the start, by the path of the mistake."""

from collections.abc import Callable

import pytest

from payaid.catalogue import Action, Asked, Catalogue, DeclarationError, Field, Kind, Outcome, Relation, Resource


def nothing(_values: dict[str, object], _asked: Asked) -> Outcome:
    return Outcome()


def verb(name: str = "fly", **declared: object) -> Action:
    return Action(name, "Fly", nothing, **declared)  # type: ignore[arg-type]


def birds(*actions: Action, relations: tuple[Relation, ...] = (), **declared: object) -> Resource:
    fields = (Field("name"), Field("nestId", Kind.REFERENCE, refers_to="Nest"))
    return Resource("crm", "birds", "bird", "Bird", fields, relations, actions=actions, **declared)  # type: ignore[arg-type]


@pytest.mark.parametrize(("declare", "mistake"), [
    (lambda: birds(verb(), verb()), r"crm/birds\.actions\[1\] \(fly\): declared twice"),
    (lambda: birds(verb("eggs"), relations=(Relation("eggs", "birds", "nestId"),)), "the name of a relation"),
    (lambda: birds(verb(alone="crm")), "does not stand alone"),
    (lambda: birds(verb(reads=("name",))), "name is not a reference of the row"),
    (lambda: birds(verb(reads=("nestId",), on_item=False)), "nestId is not a reference of the row"),
    (lambda: Catalogue([birds(verb(makes="trees"))]), "no resource trees"),
    (lambda: Catalogue([birds(verb(reads=("nestId",)))]), "nestId is no resource's row"),
    (lambda: Catalogue([birds()], (), [verb("birds", alone="crm")]), "crm/birds: crm/birds is taken"),
    (lambda: Catalogue([birds()], (), [verb()]), "names its module"),
    (lambda: Catalogue([birds()], (), [verb(alone="crm"), verb(alone="crm")]), "is taken"),
])  # fmt: skip
def test_the_mistake_is_named(declare: Callable[[], object], mistake: str) -> None:
    with pytest.raises(DeclarationError, match=mistake):
        declare()


def test_every_resource_can_be_exported_and_imported_and_may_have_its_own() -> None:
    assert {(False, "export"), (False, "import"), (True, "fly")} == birds(verb()).verbs.keys()
    own = verb("export", on_item=False)
    assert birds(own).verbs[False, "export"] is own
