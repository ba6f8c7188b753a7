"""Four gates at a time, in compiled loops: what numba makes of a loop over lanes takes twice as long."""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic


@intrinsic  # type: ignore[untyped-decorator]
def move_gates(typing: Any, table: Any, at: Any, share: Any, gates: Any, where: Any) -> Any:
    """Move ``gates[where:where + 4]`` on by a step: each x becomes a x + b.

    ``table[at:at + 16]`` has the a of the four, their b, and how much each of these grows to the next row, of which
    ``share`` is added.
    """
    bytes_each = share.bitwidth // 8

    def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        def place(array: int, index: Any, width: int) -> Any:
            data = context.make_array(signature.args[array])(context, builder, values[array]).data
            return builder.bitcast(builder.gep(data, [index]), ir.VectorType(number, width).as_pointer())

        def pick(vector: Any, parts: list[int]) -> Any:
            mask = ir.Constant(ir.VectorType(ir.IntType(32), len(parts)), parts)
            return builder.shuffle_vector(vector, ir.Constant(vector.type, ir.Undefined), mask)

        number, row = values[2].type, values[1]
        one = ir.Constant(ir.VectorType(number, 8), ir.Undefined)
        spread = pick(builder.insert_element(one, values[2], ir.Constant(ir.IntType(32), 0)), [0] * 8)
        begin, growth, old = place(0, row, 8), place(0, builder.add(row, row.type(8)), 8), place(3, values[4], 4)
        both = builder.load(begin, align=bytes_each)
        both = builder.fadd(both, builder.fmul(spread, builder.load(growth, align=bytes_each)))
        kept = builder.fmul(pick(both, [0, 1, 2, 3]), builder.load(old, align=bytes_each))
        builder.store(builder.fadd(kept, pick(both, [4, 5, 6, 7])), old, align=bytes_each)
        return context.get_dummy_value()

    return types.void(table, at, share, gates, where), generate
