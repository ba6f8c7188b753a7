"""Short runs of neighbouring numbers as one value of compiled loops: the processor's vector registers.

A loop over a few neighbours in memory costs the compiler's checks and loads more than its arithmetic. A register holds
them all, as many as its type says, from when it is loaded to when it is stored; how many of the processor's own
registers that takes is the compiler's affair. Each number sees the operations that stand there, in their order. Arrays
are flat and in C order. Whether a register lies within its array nobody checks.

>>> import numba, numpy
>>> @numba.njit
... def twice(values, out, count):
...     store(out, 0, 2.0 * load(values, 0, count))
>>> out = numpy.zeros(3)
>>> twice(numpy.arange(3.0), out, numbers(3))
>>> out
array([0., 2., 4.])
"""

# mypy: disable-error-code="untyped-decorator"

from __future__ import annotations

import operator
from typing import Any

from llvmlite import ir
from numba import types
from numba.core.errors import TypingError
from numba.extending import intrinsic, models, overload, register_model

INDEX = ir.IntType(32)


class Register(types.Type):  # type: ignore[misc]
    """The type of ``count`` numbers of one kind."""

    def __init__(self, dtype: Any, count: int) -> None:
        """Name the type."""
        self.dtype, self.count = dtype, count
        super().__init__(name=f"Register({dtype}, {count})")


@register_model(Register)
class _Model(models.PrimitiveModel):  # type: ignore[misc]
    """In the compiler: a vector; of complex numbers, real and imaginary parts by turns."""

    def __init__(self, dmm: Any, fe_type: Register) -> None:
        """Look up what the vector is made of."""
        is_complex = isinstance(fe_type.dtype, types.Complex)
        part = dmm.lookup(fe_type.dtype.underlying_float if is_complex else fe_type.dtype).get_data_type()
        super().__init__(dmm, fe_type, ir.VectorType(part, fe_type.count * (2 if is_complex else 1)))


def numbers(count: int) -> tuple[int, ...]:
    """Return what tells the compiler, by its type, how many numbers a register is to hold."""
    return (0,) * count


@intrinsic
def load(typing: Any, array: Any, first: Any, count: Any) -> Any:
    """Return the register of ``count`` (see :func:`numbers`) numbers of a flat array from ``first``."""
    own = _register(array, count)

    def write(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        place = _place(context, builder, signature, given, context.get_value_type(own))
        return builder.load(place, align=_alignment(own))

    return own(array, types.uint64, count), write


@intrinsic
def store(typing: Any, array: Any, first: Any, register: Any) -> Any:
    """Write a register into a flat array from ``first``."""
    _require_flat(array)
    if not array.mutable or array.dtype != register.dtype:
        raise TypingError(f"{array}: expected an array of {register.dtype} that can be written to")

    def write(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        builder.store(given[2], _place(context, builder, signature, given, given[2].type), align=_alignment(register))
        return context.get_dummy_value()

    return types.void(array, types.uint64, register), write


@intrinsic
def zeros(typing: Any, array: Any, count: Any) -> Any:
    """Return the register of ``count`` zeros of an array's kind."""
    own = _register(array, count)
    return own(array, count), lambda context, builder, signature, given: ir.Constant(context.get_value_type(own), None)


def _register(array: Any, count: Any) -> Register:
    """Return the type of a register of an array's numbers."""
    _require_flat(array)
    if not isinstance(array.dtype, types.Float | types.Complex) or not len(count):
        raise TypingError(f"{array}, {count}: expected real or complex numbers, and one or more")
    return Register(array.dtype, len(count))


def _require_flat(array: Any) -> None:
    """Refuse arrays whose neighbours are no neighbours in memory."""
    if array.ndim != 1 or array.layout != "C":
        raise TypingError(f"{array}: expected a flat array in C order")


def _place(context: Any, builder: Any, signature: Any, given: Any, kind: Any) -> Any:
    """Return where in an array a register of a kind begins."""
    array = context.make_array(signature.args[0])(context, builder, given[0])
    return builder.bitcast(builder.gep(array.data, [given[1]]), kind.as_pointer())


def _alignment(register: Register) -> int:
    """Return the bytes at whose multiples arrays of numbers begin; a register may begin at any number."""
    real = register.dtype.underlying_float if isinstance(register.dtype, types.Complex) else register.dtype
    return int(real.bitwidth) // 8


@intrinsic
def _sum(typing: Any, one: Any, other: Any) -> Any:
    """Return the sum of two registers."""
    return one(one, one), lambda context, builder, signature, given: builder.fadd(*given)


@intrinsic
def _difference(typing: Any, one: Any, other: Any) -> Any:
    """Return the difference of two registers."""
    return one(one, one), lambda context, builder, signature, given: builder.fsub(*given)


@intrinsic
def _scaled(typing: Any, register: Any, factor: Any) -> Any:
    """Return a register times one number of its own kind, or, where it is complex, of its real kind."""
    is_complex = isinstance(factor, types.Complex)

    def write(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        values, factor = given
        if not is_complex:
            return builder.fmul(values, _spread(builder, factor, values.type))
        real, imaginary = (_spread(builder, builder.extract_value(factor, n), values.type) for n in range(2))
        turned = builder.fmul(imaginary, _turned(builder, values))
        return builder.fadd(builder.fmul(real, values), turned)

    return register(register, factor), write


@intrinsic
def _quotient(typing: Any, register: Any, divisor: Any) -> Any:
    """Return a register over one real number."""

    def write(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        return builder.fdiv(given[0], _spread(builder, given[1], given[0].type))

    return register(register, divisor), write


def _spread(builder: Any, number: Any, kind: Any) -> Any:
    """Return a vector that holds one number everywhere."""
    nothing = ir.Constant(kind, ir.Undefined)
    first = builder.insert_element(nothing, number, ir.Constant(INDEX, 0))
    return builder.shuffle_vector(first, nothing, _indices([0] * kind.count))


def _turned(builder: Any, values: Any) -> Any:
    """Return complex numbers times i: real and imaginary parts change places, and what becomes real its sign."""
    swapped = builder.shuffle_vector(values, values, _indices([n ^ 1 for n in range(values.type.count)]))
    return builder.fmul(swapped, ir.Constant(values.type, [-1.0, 1.0] * (values.type.count // 2)))


def _indices(places: list[int]) -> Any:
    """Return places in a vector."""
    return ir.Constant(ir.VectorType(INDEX, len(places)), places)


def _is_register(*given: Any) -> bool:
    """Tell whether all types are registers."""
    return all(isinstance(one, Register) for one in given)


@overload(operator.add, strict=False)
@overload(operator.iadd, strict=False)
def _add(one: Any, other: Any) -> Any:
    """Compile ``one + other`` and ``one += other``."""
    return (lambda one, other: _sum(one, other)) if _is_register(one, other) else None


@overload(operator.sub, strict=False)
@overload(operator.isub, strict=False)
def _subtract(one: Any, other: Any) -> Any:
    """Compile ``one - other`` and ``one -= other``."""
    return (lambda one, other: _difference(one, other)) if _is_register(one, other) else None


@overload(operator.mul, strict=False)
def _multiply(one: Any, other: Any) -> Any:
    """Compile ``number * register``, the number cast to the register's kind, or to its real kind."""
    if not _is_register(other) or _is_register(one):
        return None
    kind = _kind(one, other)
    return lambda one, other: _scaled(other, kind(one))


@overload(operator.truediv, strict=False)
def _divide(one: Any, other: Any) -> Any:
    """Compile ``register / number``."""
    if not _is_register(one) or _is_register(other):
        return None
    kind = _kind(other, one)
    if isinstance(kind, types.Complex):
        return lambda one, other: _scaled(one, kind(1) / kind(other))
    return lambda one, other: _quotient(one, kind(other))


def _kind(number: Any, register: Register) -> Any:
    """Return what a number is cast to: complex where it and the register are; else real."""
    if not isinstance(register.dtype, types.Complex) or isinstance(number, types.Complex):
        return register.dtype
    return register.dtype.underlying_float
