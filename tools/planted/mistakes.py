"""The table of deliberate mistakes. A test that catches none of them is no proof; a mistake that no test catches asks for one."""
from dataclasses import dataclass


@dataclass(frozen=True)
class Mistake:
    """In `file`, `old` (which stands there once) becomes `new`. `first` are the tests that are tried before all others:
    a filter of the C++ tests (cpp:...), a file of the Python ones (py:...), or fuzz."""

    name: str
    file: str
    old: str
    new: str
    first: str


GRADIENTS = "cpp:*Gradient*:Autodiff*"
RULES = "cpp:*Rule*:Rewrite*"
ROWS = "cpp:*Compiled*:*Structure*:*RowsCode*"

MISTAKES = [
    Mistake("sign of a vjp: a - b gives both operands +g", "src/ops/arithmetic.cpp",
            "return p.k == 0 ? p.g : -p.g; }", "return p.g; }", GRADIENTS),
    Mistake("derivative of tanh: 1 + y^2", "src/ops/math.cpp",
            "p.g * (1.0 - call(\"sqr\", {p.y}))", "p.g * (1.0 + call(\"sqr\", {p.y}))", GRADIENTS),
    Mistake("vjp of join: each part gets the first piece", "src/ops/join.cpp",
            "    begin = end;\n  }\n  return dx;", "  }\n  return dx;", GRADIENTS),
    Mistake("batch rule of join: the axis is not shifted", "src/ops/join.cpp",
            "{join_axis(b.node) + 1}", "{join_axis(b.node)}", "py:test_batch.py"),
    Mistake("sign in a rule: log(sigmoid(x)) becomes softplus(-x)", "src/rewrite/stability.cpp",
            "log(sigmoid(x)), -softplus(-x)", "log(sigmoid(x)), softplus(-x)", RULES),
    Mistake("a rule without its condition: fill(model, v) = v of any shape", "src/rewrite/fill_rules.cpp",
            "if (!refines(value.type(), c.type()) || !c.shapes.same_shape(value, {c.node, 0})) return {};",
            "if (!refines(value.type(), c.type())) return {};", RULES),
    Mistake("a rule that forgets the step: x[::2] is x", "src/rewrite/index_rules.cpp",
            "  if (entry.step && !is_number(entry.step, 1)) return false;\n", "", "py:test_indexing.py"),
    Mistake("a rule off by one: reversed slices of shapes lose their last element", "src/rewrite/index_rules.cpp",
            "const int64_t low = step > 0 ? 0 : -1,", "const int64_t low = 0,", RULES),
    Mistake("sign in the product rule: c - a.b adds the product", "src/rewrite/linear_rules.cpp",
            "alpha = factor_of(c, product, difference && k == 1)", "alpha = factor_of(c, product, false)", RULES),
    Mistake("schedule: a kernel takes in what has to run before it", "src/loops/schedule.cpp",
            "before != outside_.end() && before->second.contains(id)", "before != outside_.end() && before->second.contains(-1)",
            "py:test_shapes.py"),
    Mistake("index: an element of a join at the seam is that of the part before", "src/ops/join.cpp",
            "index[static_cast<size_t>(axis)] < begin, result", "index[static_cast<size_t>(axis)] <= begin, result", ROWS),
    Mistake("length of a slice: a step that does not divide it drops the last element", "src/ops/slice.h",
            "m.div(m.add(span, m.sub(pace, one)), pace)", "m.div(span, pace)", ROWS),
    Mistake("broadcasting strides: axes are run as one without looking at strides", "src/loops/lower_common.cpp",
            "follows = follows && access.strides[outer] == sizes.table().mul(access.strides[inner], size);",
            "follows = follows && access.strides[outer] != no_size;", ROWS),
    Mistake("tail of a reduction: masked lanes take part", "src/backend/cpu/llvm/vector_loop.cpp",
            "next[k] = b_.CreateSelect(lane_mask(), next[k], current[k]);", "next[k] = next[k];", "cpp:*Reduc*"),
    Mistake("tail of a reduction: a short last block of 4096 is left out", "src/loops/lower_rows.cpp",
            "t.add(a, t.constant(b - 1))", "t.add(a, t.constant(b - 64))", "cpp:*Reduc*:*Compiled*"),
    Mistake("sums of columns beside rows: the last block reads rows behind the last one", "src/loops/lower_rows.cpp",
            "to = loop::min(from + e.size(height), e.size(count))", "to = from + e.size(height)", "py:test_merged_kernels.py"),
    Mistake("schedule: an update runs together with one that it needs", "src/loops/merge_clusters.cpp",
            "if (fits && order_.near(first, second) && !order_.depends(first, second) && !order_.depends(second, first))",
            "if (fits)", "py:test_merged_kernels.py"),
    Mistake("scatter: indices that repeat run in parallel", "src/ops/advanced_update.cpp",
            "mask |= layout.is_index_axis(axis) ? 1u << axis : 0u;", "mask |= layout.is_index_axis(axis) ? 0u : 0u;", ROWS),
    Mistake("plan: in place without proof that the old value is read in step", "src/compile/plan_updates.cpp",
            "             reads_in_step(c, root, target->second);", "             (reads_in_step(c, root, target->second) || true);",
            "py:test_updates_in_place.py"),
    Mistake("plan: a buffer is free while its last reader runs", "src/compile/plan_buffers.cpp",
            "if (busy[b].first >= n) continue;", "if (busy[b].first > n) continue;", "fuzz"),
    Mistake("plan: a change takes over memory that is read later", "src/compile/plan_buffers.cpp",
            "last[static_cast<size_t>(copied)] == n &&", "last[static_cast<size_t>(copied)] >= n &&", "py:test_updates_in_place.py"),
    Mistake("run time: sizes of memory are not computed again", "src/runtime/sizes.cpp",
            "    ++state.sizes_version;\n", "", "py:test_function_calls.py"),
    Mistake("run time: a guard of equal sizes lets larger ones through", "src/runtime/sizes.cpp",
            "holds = left == right;", "holds = left <= right;", "py:test_errors_messages.py"),
    Mistake("commit: a value that somebody holds is written over", "src/runtime/commit.cpp",
            "      state.program.shared[cell]->try_unique(snapshot)) {", "      (state.program.shared[cell]->try_unique(snapshot) || true)) {",
            "py:test_updates_in_place.py"),
    Mistake("commit: sizes of new values are those of the call before", "src/runtime/commit.cpp",
            "s.source == Source::in_place ? state.value(s.shape[a])", "a > s.shape.size() ? state.value(s.shape[a])",
            "py:test_updates_in_place.py"),
    Mistake("code: unsigned integers become floats as signed ones", "src/backend/cpu/llvm/arithmetic.cpp",
            "return is_signed_integer(from) ? b_.CreateSIToFP(value, target) : b_.CreateUIToFP(value, target);",
            "return b_.CreateSIToFP(value, target);", "cpp:*Codegen*:*Random*"),
]
