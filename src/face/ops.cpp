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

Variable unary(std::string_view row, const Argument& x) {
  return build(x.line(), [&](Builder& builder) { return builder.apply(row, {expr_of(builder, x)}); });
}

Variable binary(std::string_view row, const Argument& a, const Argument& b) {
  return build(a.line(),
               [&](Builder& builder) { return builder.apply(row, {expr_of(builder, a, b), expr_of(builder, b, a)}); });
}

// The first operand that has a dtype, for numbers beside it.
const Argument& variable_among(const Argument& a, const Argument& b) { return a.is_number() ? b : a; }

Variable accumulate(std::string_view row, const Argument& x, const Axes& axes, bool keep_axes) {
  return build(x.line(), [&](Builder& builder) {
    return front::accumulate(row, expr_of(builder, x), axes.list(),
                             {.keep_axes = keep_axes, .dtype = {}, .accumulator = {}});
  });
}

Variable reduce(std::string_view row, const Argument& x, const Axes& axes, bool keep_axes) {
  return build(x.line(),
               [&](Builder& builder) { return front::reduce(row, expr_of(builder, x), axes.list(), keep_axes); });
}

std::vector<Expr> exprs_of(Builder& builder, const std::vector<Argument>& operands) {
  std::vector<Expr> result;
  for (const Argument& operand : operands) result.push_back(expr_of(builder, operand));
  return result;
}

std::vector<Expr> exprs_of(Builder& builder, const std::vector<Variable>& variables) {
  std::vector<Expr> result;
  for (const Variable& variable : variables) result.push_back(builder.wrap(face::var_of(variable)));
  return result;
}

}  // namespace

#define CROTON_DEFINE_UNARY(name) \
  Variable name(const Argument& x) { return unary(#name, x); }
#define CROTON_DEFINE_BINARY(name) \
  Variable name(const Argument& a, const Argument& b) { return binary(#name, a, b); }
CROTON_UNARY_FUNCTIONS(CROTON_DEFINE_UNARY)
CROTON_BINARY_FUNCTIONS(CROTON_DEFINE_BINARY)
#undef CROTON_DEFINE_UNARY
#undef CROTON_DEFINE_BINARY

Variable operator+(const Argument& a, const Argument& b) { return binary("add", a, b); }
Variable operator-(const Argument& a, const Argument& b) { return binary("sub", a, b); }
Variable operator*(const Argument& a, const Argument& b) { return binary("mul", a, b); }
Variable operator/(const Argument& a, const Argument& b) { return binary("true_div", a, b); }
Variable operator-(const Argument& a) { return unary("neg", a); }
Variable xor_(const Argument& a, const Argument& b) { return binary("xor", a, b); }

Variable switch_(const Argument& condition, const Argument& a, const Argument& b) {
  return build(condition.line(), [&](Builder& builder) {
    return builder.apply("switch", {expr_of(builder, condition), expr_of(builder, a, b), expr_of(builder, b, a)});
  });
}

Variable clip(const Argument& x, const Argument& low, const Argument& high) {
  return build(x.line(), [&](Builder& builder) {
    return builder.apply(
        "clip", {expr_of(builder, x, variable_among(low, high)), expr_of(builder, low, variable_among(x, high)),
                 expr_of(builder, high, variable_among(x, low))});
  });
}

Variable cast(const Argument& x, DType dtype) {
  return build(x.line(), [&](Builder& builder) { return cast(expr_of(builder, x), dtype); });
}

// ------------------------------------------------------------------------------------------------------------
// reductions

Variable sum(const Argument& x, const Axes& axes, bool keep_axes) { return accumulate("sum", x, axes, keep_axes); }
Variable prod(const Argument& x, const Axes& axes, bool keep_axes) { return accumulate("prod", x, axes, keep_axes); }
Variable max(const Argument& x, const Axes& axes, bool keep_axes) { return reduce("max", x, axes, keep_axes); }
Variable min(const Argument& x, const Axes& axes, bool keep_axes) { return reduce("min", x, axes, keep_axes); }
Variable any(const Argument& x, const Axes& axes, bool keep_axes) { return reduce("any", x, axes, keep_axes); }
Variable all(const Argument& x, const Axes& axes, bool keep_axes) { return reduce("all", x, axes, keep_axes); }
Variable argmax(const Argument& x, const Axes& axes, bool keep_axes) { return reduce("argmax", x, axes, keep_axes); }

Variable mean(const Argument& x, const Axes& axes, bool keep_axes) {
  return build(x.line(), [&](Builder& builder) {
    return front::mean(expr_of(builder, x), axes.list(), {.keep_axes = keep_axes, .dtype = {}, .accumulator = {}});
  });
}

// ------------------------------------------------------------------------------------------------------------ products

Variable dot(const Argument& a, const Argument& b) {
  return build(a.line(), [&](Builder& builder) { return front::dot(expr_of(builder, a, b), expr_of(builder, b, a)); });
}
Variable outer(const Argument& a, const Argument& b) {
  return build(a.line(),
               [&](Builder& builder) { return front::outer(expr_of(builder, a, b), expr_of(builder, b, a)); });
}

// ------------------------------------------------------------------------------------------------------------ shapes

Variable dimshuffle(const Argument& x, std::vector<int64_t> pattern) {
  return build(x.line(), [&](Builder& builder) { return dimshuffle(expr_of(builder, x), std::move(pattern)); });
}
Variable transpose(const Argument& x, std::vector<int64_t> axes) {
  return build(x.line(), [&](Builder& builder) { return front::transpose(expr_of(builder, x), std::move(axes)); });
}
Variable reshape(const Argument& x, const std::vector<Argument>& sizes) {
  return build(x.line(),
               [&](Builder& builder) { return front::reshape(expr_of(builder, x), exprs_of(builder, sizes)); });
}
Variable flatten(const Argument& x, int rank) {
  return build(x.line(), [&](Builder& builder) { return front::flatten(expr_of(builder, x), rank); });
}
Variable shape(const Argument& x) {
  return build(x.line(), [&](Builder& builder) { return front::shape(expr_of(builder, x)); });
}
Variable alloc(const Argument& value, const std::vector<Argument>& sizes) {
  return build(value.line(),
               [&](Builder& builder) { return front::alloc(expr_of(builder, value), exprs_of(builder, sizes)); });
}
Variable zeros_like(const Argument& x) {
  return build(x.line(), [&](Builder& builder) { return front::filled_like(expr_of(builder, x), 0); });
}
Variable ones_like(const Argument& x) {
  return build(x.line(), [&](Builder& builder) { return front::filled_like(expr_of(builder, x), 1); });
}
Variable arange(const Argument& stop) { return arange({0, stop.line()}, stop); }
Variable arange(const Argument& start, const Argument& stop, const Argument& step) {
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

Variable changed(const Argument& region, const Argument& values, bool add) {
  return build(region.line(), [&](Builder& builder) {
    return front::set_region(expr_of(builder, region), expr_of(builder, values, region), add);
  });
}

}  // namespace

Variable set_subtensor(const Argument& region, const Argument& values) { return changed(region, values, false); }
Variable inc_subtensor(const Argument& region, const Argument& values) { return changed(region, values, true); }

// ------------------------------------------------------------------------------------------------------------ networks

Variable softmax(const Argument& x) {
  return build(x.line(), [&](Builder& builder) { return front::softmax(expr_of(builder, x)); });
}
Variable logsoftmax(const Argument& x) {
  return build(x.line(), [&](Builder& builder) { return front::softmax(expr_of(builder, x), true); });
}
Variable relu(const Argument& x) {
  return build(x.line(), [&](Builder& builder) { return front::relu(expr_of(builder, x)); });
}
Variable categorical_crossentropy(const Argument& coding, const Argument& target) {
  return build(coding.line(), [&](Builder& builder) {
    return front::categorical_crossentropy(expr_of(builder, coding), expr_of(builder, target));
  });
}

// ------------------------------------------------------------------------------------------------------------ the rest

std::vector<Variable> grad(const Argument& cost, const std::vector<Variable>& wrt) {
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
