// Functions of variables: the tables of plain ones, and those that the engine composes from several rows.
#include "croton/ops.h"

#include "autodiff/reverse.h"
#include "compile/front.h"
#include "face/bridge.h"
#include "ir/print.h"

namespace croton {
namespace {

using face::build;
using face::expr_of;

Variable unary(std::string_view row, const Operand& x) {
  return build(x.line(), [&](Builder& builder) { return builder.apply(row, {expr_of(builder, x)}); });
}

Variable binary(std::string_view row, const Operand& a, const Operand& b) {
  return build(a.line(), [&](Builder& builder) {
    return builder.apply(row, {expr_of(builder, a, b), expr_of(builder, b, a)});
  });
}

// The first operand that has a dtype, for numbers beside it.
const Operand& variable_among(const Operand& a, const Operand& b) { return a.is_number() ? b : a; }

Variable accumulate(std::string_view row, const Operand& x, const Axes& axes, bool keep_axes) {
  return build(x.line(), [&](Builder& builder) {
    return front::accumulate(row, expr_of(builder, x), axes.list(),
                             {.keep_axes = keep_axes, .dtype = {}, .accumulator = {}});
  });
}

Variable reduce(std::string_view row, const Operand& x, const Axes& axes, bool keep_axes) {
  return build(x.line(),
               [&](Builder& builder) { return front::reduce(row, expr_of(builder, x), axes.list(), keep_axes); });
}

std::vector<Expr> exprs_of(Builder& builder, const std::vector<Operand>& operands) {
  std::vector<Expr> result;
  for (const Operand& operand : operands) result.push_back(expr_of(builder, operand));
  return result;
}

std::vector<Expr> exprs_of(Builder& builder, const std::vector<Variable>& variables) {
  std::vector<Expr> result;
  for (const Variable& variable : variables) result.push_back(builder.wrap(face::var_of(variable)));
  return result;
}

}  // namespace

#define CROTON_DEFINE_UNARY(name) \
  Variable name(const Operand& x) { return unary(#name, x); }
#define CROTON_DEFINE_BINARY(name) \
  Variable name(const Operand& a, const Operand& b) { return binary(#name, a, b); }
CROTON_UNARY_FUNCTIONS(CROTON_DEFINE_UNARY)
CROTON_BINARY_FUNCTIONS(CROTON_DEFINE_BINARY)
#undef CROTON_DEFINE_UNARY
#undef CROTON_DEFINE_BINARY

Variable operator+(const Operand& a, const Operand& b) { return binary("add", a, b); }
Variable operator-(const Operand& a, const Operand& b) { return binary("sub", a, b); }
Variable operator*(const Operand& a, const Operand& b) { return binary("mul", a, b); }
Variable operator/(const Operand& a, const Operand& b) { return binary("true_div", a, b); }
Variable operator-(const Operand& a) { return unary("neg", a); }
Variable xor_(const Operand& a, const Operand& b) { return binary("xor", a, b); }

Variable switch_(const Operand& condition, const Operand& a, const Operand& b) {
  return build(condition.line(), [&](Builder& builder) {
    return builder.apply("switch", {expr_of(builder, condition), expr_of(builder, a, b), expr_of(builder, b, a)});
  });
}

Variable clip(const Operand& x, const Operand& low, const Operand& high) {
  return build(x.line(), [&](Builder& builder) {
    return builder.apply(
        "clip", {expr_of(builder, x, variable_among(low, high)), expr_of(builder, low, variable_among(x, high)),
                 expr_of(builder, high, variable_among(x, low))});
  });
}

Variable cast(const Operand& x, DType dtype) {
  return build(x.line(), [&](Builder& builder) { return cast(expr_of(builder, x), dtype); });
}

// ------------------------------------------------------------------------------------------------------------
// reductions

Variable sum(const Operand& x, const Axes& axes, bool keep_axes) { return accumulate("sum", x, axes, keep_axes); }
Variable prod(const Operand& x, const Axes& axes, bool keep_axes) { return accumulate("prod", x, axes, keep_axes); }
Variable max(const Operand& x, const Axes& axes, bool keep_axes) { return reduce("max", x, axes, keep_axes); }
Variable min(const Operand& x, const Axes& axes, bool keep_axes) { return reduce("min", x, axes, keep_axes); }
Variable any(const Operand& x, const Axes& axes, bool keep_axes) { return reduce("any", x, axes, keep_axes); }
Variable all(const Operand& x, const Axes& axes, bool keep_axes) { return reduce("all", x, axes, keep_axes); }
Variable argmax(const Operand& x, const Axes& axes, bool keep_axes) { return reduce("argmax", x, axes, keep_axes); }

Variable mean(const Operand& x, const Axes& axes, bool keep_axes) {
  return build(x.line(), [&](Builder& builder) {
    return front::mean(expr_of(builder, x), axes.list(), {.keep_axes = keep_axes, .dtype = {}, .accumulator = {}});
  });
}

// ------------------------------------------------------------------------------------------------------------ products

Variable dot(const Operand& a, const Operand& b) {
  return build(a.line(), [&](Builder& builder) { return front::dot(expr_of(builder, a, b), expr_of(builder, b, a)); });
}
Variable outer(const Operand& a, const Operand& b) {
  return build(a.line(),
               [&](Builder& builder) { return front::outer(expr_of(builder, a, b), expr_of(builder, b, a)); });
}

// ------------------------------------------------------------------------------------------------------------ shapes

Variable dimshuffle(const Operand& x, std::vector<int64_t> pattern) {
  return build(x.line(), [&](Builder& builder) { return dimshuffle(expr_of(builder, x), std::move(pattern)); });
}
Variable transpose(const Operand& x, std::vector<int64_t> axes) {
  return build(x.line(), [&](Builder& builder) { return front::transpose(expr_of(builder, x), std::move(axes)); });
}
Variable reshape(const Operand& x, const std::vector<Operand>& sizes) {
  return build(x.line(),
               [&](Builder& builder) { return front::reshape(expr_of(builder, x), exprs_of(builder, sizes)); });
}
Variable flatten(const Operand& x, int rank) {
  return build(x.line(), [&](Builder& builder) { return front::flatten(expr_of(builder, x), rank); });
}
Variable shape(const Operand& x) {
  return build(x.line(), [&](Builder& builder) { return front::shape(expr_of(builder, x)); });
}
Variable alloc(const Operand& value, const std::vector<Operand>& sizes) {
  return build(value.line(),
               [&](Builder& builder) { return front::alloc(expr_of(builder, value), exprs_of(builder, sizes)); });
}
Variable zeros_like(const Operand& x) {
  return build(x.line(), [&](Builder& builder) { return front::filled_like(expr_of(builder, x), 0); });
}
Variable ones_like(const Operand& x) {
  return build(x.line(), [&](Builder& builder) { return front::filled_like(expr_of(builder, x), 1); });
}
Variable arange(const Operand& stop) { return arange({0, stop.line()}, stop); }
Variable arange(const Operand& start, const Operand& stop, const Operand& step) {
  return build(start.line(), [&](Builder& builder) {
    return front::arange(expr_of(builder, start), expr_of(builder, stop), expr_of(builder, step));
  });
}
Variable concatenate(const std::vector<Variable>& parts, int axis, std::source_location line) {
  return build(line, [&](Builder& builder) { return front::join(axis, exprs_of(builder, parts)); });
}
Variable stack(const std::vector<Variable>& parts, int axis, std::source_location line) {
  return build(line, [&](Builder& builder) { return front::stack(exprs_of(builder, parts), axis); });
}

namespace {

Variable changed(const Operand& region, const Operand& values, bool add) {
  return build(region.line(), [&](Builder& builder) {
    return front::set_region(expr_of(builder, region), expr_of(builder, values, region), add);
  });
}

}  // namespace

Variable set_subtensor(const Operand& region, const Operand& values) { return changed(region, values, false); }
Variable inc_subtensor(const Operand& region, const Operand& values) { return changed(region, values, true); }

// ------------------------------------------------------------------------------------------------------------ networks

Variable softmax(const Operand& x) {
  return build(x.line(), [&](Builder& builder) { return front::softmax(expr_of(builder, x)); });
}
Variable logsoftmax(const Operand& x) {
  return build(x.line(), [&](Builder& builder) { return front::softmax(expr_of(builder, x), true); });
}
Variable relu(const Operand& x) {
  return build(x.line(), [&](Builder& builder) { return front::relu(expr_of(builder, x)); });
}
Variable categorical_crossentropy(const Operand& coding, const Operand& target) {
  return build(coding.line(), [&](Builder& builder) {
    return front::categorical_crossentropy(expr_of(builder, coding), expr_of(builder, target));
  });
}

// ------------------------------------------------------------------------------------------------------------ the rest

std::vector<Variable> grad(const Operand& cost, const std::vector<Variable>& wrt) {
  return face::at_line(cost.line(), [&](Builder& builder) {
    return face::handles(grad(expr_of(builder, cost).var, face::vars_of(wrt), {}, builder));
  });
}

std::string debugprint(const Variable& v) {
  const Var output = face::var_of(v);
  return debugprint(std::span<const Var>(&output, 1));
}
std::string pp(const Variable& v) { return pp(face::var_of(v)); }

}  // namespace croton
