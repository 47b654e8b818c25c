// Functions of variables. A plain one has the name of the engine's row that it applies.
#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "croton/variable.h"

namespace croton {

// The tables of plain functions, element by element; the library defines them from the same tables.
#define CROTON_UNARY_FUNCTIONS(row)                                                                                   \
  row(neg) row(abs) row(sgn) row(exp) row(exp2) row(expm1) row(log) row(log10) row(log1p) row(sqrt) row(sqr) row(inv) \
      row(tanh) row(sigmoid) row(softplus) row(floor) row(ceil) row(trunc) row(round) row(sin) row(cos) row(tan)      \
          row(arcsin) row(arccos) row(arctan) row(sinh) row(cosh) row(arcsinh) row(arccosh) row(arctanh) row(deg2rad) \
              row(rad2deg) row(erf) row(erfc) row(gammaln) row(psi) row(isnan) row(isinf) row(invert)
#define CROTON_BINARY_FUNCTIONS(row)                                                                             \
  row(add) row(sub) row(mul) row(true_div) row(int_div) row(mod) row(pow) row(maximum) row(minimum) row(arctan2) \
      row(eq) row(neq) row(lt) row(le) row(gt) row(ge) row(and_) row(or_)
#define CROTON_DECLARE_UNARY(name) Variable name(const Operand& x);
#define CROTON_DECLARE_BINARY(name) Variable name(const Operand& a, const Operand& b);
CROTON_UNARY_FUNCTIONS(CROTON_DECLARE_UNARY)
CROTON_BINARY_FUNCTIONS(CROTON_DECLARE_BINARY)
#undef CROTON_DECLARE_UNARY
#undef CROTON_DECLARE_BINARY

Variable xor_(const Operand& a, const Operand& b);
Variable switch_(const Operand& condition, const Operand& a, const Operand& b);
Variable clip(const Operand& x, const Operand& low, const Operand& high);
Variable cast(const Operand& x, DType dtype);
template <Element T>
Variable cast(const Operand& x) {
  return cast(x, dtype_of<T>());
}

// ------------------------------------------------------------------------------------------------------------
// reductions

/// Axes that a reduction goes over: all, one, or several; negative ones count from the end.
class Axes {
 public:
  Axes() = default;
  Axes(int axis) : axes_(std::vector<int64_t>{axis}) {}                             // NOLINT: sum(x, 0)
  Axes(std::initializer_list<int64_t> axes) : axes_(std::vector<int64_t>(axes)) {}  // sum(x, {0, 1})
  const std::optional<std::vector<int64_t>>& list() const { return axes_; }

 private:
  std::optional<std::vector<int64_t>> axes_;
};

Variable sum(const Operand& x, const Axes& axes = {}, bool keep_axes = false);
Variable prod(const Operand& x, const Axes& axes = {}, bool keep_axes = false);
Variable mean(const Operand& x, const Axes& axes = {}, bool keep_axes = false);
Variable max(const Operand& x, const Axes& axes = {}, bool keep_axes = false);
Variable min(const Operand& x, const Axes& axes = {}, bool keep_axes = false);
Variable any(const Operand& x, const Axes& axes = {}, bool keep_axes = false);
Variable all(const Operand& x, const Axes& axes = {}, bool keep_axes = false);
Variable argmax(const Operand& x, const Axes& axes = {}, bool keep_axes = false);

// ------------------------------------------------------------------------------------------------------------ products

Variable dot(const Operand& a, const Operand& b);
Variable outer(const Operand& a, const Operand& b);

// ------------------------------------------------------------------------------------------------------------ shapes

Variable dimshuffle(const Operand& x, std::vector<int64_t> pattern);  // -1 is a new axis
Variable transpose(const Operand& x, std::vector<int64_t> axes = {});
Variable reshape(const Operand& x, const std::vector<Operand>& sizes);
Variable flatten(const Operand& x, int rank = 1);
Variable shape(const Operand& x);
Variable alloc(const Operand& value, const std::vector<Operand>& sizes);
Variable zeros_like(const Operand& x);
Variable ones_like(const Operand& x);
Variable arange(const Operand& stop);
Variable arange(const Operand& start, const Operand& stop, const Operand& step = 1);
Variable concatenate(const std::vector<Variable>& parts, int axis = 0,
                     std::source_location line = std::source_location::current());
Variable stack(const std::vector<Variable>& parts, int axis = 0,
               std::source_location line = std::source_location::current());

/// A copy of x in which `region`, an x[...], is replaced or added to.
Variable set_subtensor(const Operand& region, const Operand& values);
Variable inc_subtensor(const Operand& region, const Operand& values);

// ------------------------------------------------------------------------------------------------------------ networks

Variable softmax(const Operand& x);  // over the last axis of a matrix
Variable logsoftmax(const Operand& x);
Variable relu(const Operand& x);
/// The loss of each row; `target` holds class numbers or distributions.
Variable categorical_crossentropy(const Operand& coding, const Operand& target);

// ------------------------------------------------------------------------------------------------------------
// gradients

/// Gradients of a scalar, symbolic again: const auto [gW, gb] = grad(cost, {W, b}).
std::vector<Variable> grad(const Operand& cost, const std::vector<Variable>& wrt);
template <size_t count>
std::array<Variable, count> grad(const Operand& cost, const Variable (&wrt)[count]) {
  std::vector<Variable> found = grad(cost, std::vector<Variable>(wrt, wrt + count));
  std::array<Variable, count> result;
  for (size_t k = 0; k < count; ++k) result[k] = std::move(found[k]);
  return result;
}

// ------------------------------------------------------------------------------------------------------------ printing

std::string debugprint(const Variable& v);  // the graph as a tree
std::string pp(const Variable& v);          // a formula

}  // namespace croton
