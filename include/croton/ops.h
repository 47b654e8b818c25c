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
#define CROTON_UNARY_FUNCTIONS(row)                                                                                    \
  row(neg) row(abs) row(sgn) row(exp) row(exp2) row(expm1) row(log) row(log2) row(log10) row(log1p) row(sqrt) row(sqr) \
      row(inv) row(tanh) row(sigmoid) row(softplus) row(floor) row(ceil) row(trunc) row(round) row(sin) row(cos)       \
          row(tan) row(arcsin) row(arccos) row(arctan) row(sinh) row(cosh) row(arcsinh) row(arccosh) row(arctanh)      \
              row(deg2rad) row(rad2deg) row(erf) row(erfc) row(gammaln) row(psi) row(isnan) row(isinf) row(invert)
#define CROTON_BINARY_FUNCTIONS(row)                                                                             \
  row(add) row(sub) row(mul) row(true_div) row(int_div) row(mod) row(pow) row(maximum) row(minimum) row(arctan2) \
      row(eq) row(neq) row(lt) row(le) row(gt) row(ge) row(and_) row(or_)
#define CROTON_DECLARE_UNARY(name) Variable name(const Argument& x);
#define CROTON_DECLARE_BINARY(name) Variable name(const Argument& a, const Argument& b);
CROTON_UNARY_FUNCTIONS(CROTON_DECLARE_UNARY)
CROTON_BINARY_FUNCTIONS(CROTON_DECLARE_BINARY)
#undef CROTON_DECLARE_UNARY
#undef CROTON_DECLARE_BINARY

Variable xor_(const Argument& a, const Argument& b);
Variable switch_(const Argument& condition, const Argument& a, const Argument& b);
Variable clip(const Argument& x, const Argument& low, const Argument& high);
Variable cast(const Argument& x, DType dtype);
template <Element T>
Variable cast(const Argument& x) {
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

Variable sum(const Argument& x, const Axes& axes = {}, bool keep_axes = false);
Variable prod(const Argument& x, const Axes& axes = {}, bool keep_axes = false);
Variable mean(const Argument& x, const Axes& axes = {}, bool keep_axes = false);
Variable max(const Argument& x, const Axes& axes = {}, bool keep_axes = false);
Variable min(const Argument& x, const Axes& axes = {}, bool keep_axes = false);
Variable any(const Argument& x, const Axes& axes = {}, bool keep_axes = false);
Variable all(const Argument& x, const Axes& axes = {}, bool keep_axes = false);
Variable argmax(const Argument& x, const Axes& axes = {}, bool keep_axes = false);

// ------------------------------------------------------------------------------------------------------------ products

Variable dot(const Argument& a, const Argument& b);
Variable outer(const Argument& a, const Argument& b);

// ----------------------------------------------------------------------------------------------------- linear algebra

// Of matrices, or stacks of them: the last two axes are a matrix. What has no result raises a LinearAlgebraError.
Variable matrix_inverse(const Argument& x);
Variable det(const Argument& x);
Variable expm(const Argument& x);
Variable cholesky(const Argument& x, bool lower = true);
Variable solve(const Argument& a, const Argument& b);  // x with dot(a, x) = b
Variable solve_triangular(const Argument& a, const Argument& b, bool lower = true);
std::array<Variable, 2> eigh(const Argument& x, bool lower = true);  // ascending values, vectors as columns
std::array<Variable, 3> svd(const Argument& x, bool full = false);   // u, s, transposed v
std::array<Variable, 2> qr(const Argument& x, bool complete = false);

// ------------------------------------------------------------------------------------------------------------ shapes

Variable dimshuffle(const Argument& x, std::vector<int64_t> pattern);  // -1 is a new axis
Variable transpose(const Argument& x, std::vector<int64_t> axes = {});
Variable reshape(const Argument& x, const std::vector<Argument>& sizes);
Variable flatten(const Argument& x, int rank = 1);
Variable shape(const Argument& x);
Variable alloc(const Argument& value, const std::vector<Argument>& sizes);
Variable zeros_like(const Argument& x);
Variable ones_like(const Argument& x);
Variable arange(const Argument& stop);
Variable arange(const Argument& start, const Argument& stop, const Argument& step = 1);
Variable concatenate(const std::vector<Variable>& parts, int axis = 0,
                     std::source_location line = std::source_location::current());
Variable stack(const std::vector<Variable>& parts, int axis = 0,
               std::source_location line = std::source_location::current());

/// A copy of x in which `region`, an x[...], is replaced or added to.
Variable set_subtensor(const Argument& region, const Argument& values);
Variable inc_subtensor(const Argument& region, const Argument& values);

// ------------------------------------------------------------------------------------------------------------ networks

Variable softmax(const Argument& x);  // over the last axis of a matrix
Variable logsoftmax(const Argument& x);
Variable relu(const Argument& x);
/// The loss of each row; `target` holds class numbers or distributions.
Variable categorical_crossentropy(const Argument& coding, const Argument& target);

// ------------------------------------------------------------------------------------------------------------
// gradients

/// Gradients of a scalar, symbolic again: const auto [gW, gb] = grad(cost, {W, b}).
std::vector<Variable> grad(const Argument& cost, const std::vector<Variable>& wrt);
template <size_t count>
std::array<Variable, count> grad(const Argument& cost, const Variable (&wrt)[count]) {
  std::vector<Variable> found = grad(cost, std::vector<Variable>(wrt, wrt + count));
  std::array<Variable, count> result;
  for (size_t k = 0; k < count; ++k) result[k] = std::move(found[k]);
  return result;
}

// ------------------------------------------------------------------------------------------------------------ printing

std::string debugprint(const Variable& v);  // the graph as a tree
std::string pp(const Variable& v);          // a formula

}  // namespace croton
