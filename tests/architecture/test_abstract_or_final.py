"""Abstract or final: what a class may and may not do, checked when it is made."""

from abc import abstractmethod
from functools import cached_property

import pytest

from clvmodels.abstract_or_final import AbstractOrFinal


class AbstractShape(AbstractOrFinal):
    label = "shape"

    @abstractmethod
    def area(self): ...

    def doubled(self):
        return 2 * self.area()

    @property
    def half(self):
        return self.area() / 2

    @cached_property
    def squared(self):
        return self.area() ** 2

    @classmethod
    def made(cls):
        return cls()

    @staticmethod
    def unit():
        return "cm2"


class Square(AbstractShape):
    label = "square"

    def area(self):
        return 4


def filled(self):
    return 1


def test_a_concrete_class_fills_what_was_open_and_states_its_own_data():
    assert Square().doubled() == 8
    assert Square().label == "square"


def test_a_concrete_class_is_final():
    with pytest.raises(TypeError, match=r"Cube extends Square, which is final: .*function\."):
        type("Cube", (Square,), {})


@pytest.mark.parametrize("name", ["doubled", "half", "squared", "made", "unit"])
@pytest.mark.parametrize("child", ["Circle", "AbstractRound"])
@pytest.mark.parametrize("replacement", [filled, property(filled), classmethod(filled), staticmethod(filled), None])
def test_what_is_settled_is_not_replaced(name, child, replacement):
    with pytest.raises(TypeError, match=rf"{child}\.{name} replaces what AbstractShape has settled"):
        type(child, (AbstractShape,), {"area": filled, name: replacement})


def test_a_mixin_does_not_replace_what_is_settled():
    mixin = type("Loud", (), {"doubled": filled})
    with pytest.raises(TypeError, match=r"Loud\.doubled replaces what AbstractShape has settled"):
        type("Circle", (mixin, AbstractShape), {"area": filled})


def test_what_an_abstract_class_fills_is_settled_below_it():
    round_shape = type("AbstractRound", (AbstractShape,), {"area": filled})
    assert type("Circle", (round_shape,), {})().doubled() == 2
    with pytest.raises(TypeError, match=r"Ring\.area replaces what AbstractRound has settled"):
        type("Ring", (round_shape,), {"area": filled})


def test_a_concrete_class_leaves_nothing_open():
    with pytest.raises(TypeError, match="Circle leaves area open, which AbstractShape asks of every concrete class"):
        type("Circle", (AbstractShape,), {})


def test_an_abstract_class_may_leave_all_open():
    assert issubclass(type("AbstractRound", (AbstractShape,), {}), AbstractOrFinal)
