// What users write that needs more than one row: index expressions, shapes as vectors, means, dots of any rank, losses.
// Both faces call these functions; they only compose rows, so all rules of dtype and shape stay in the rows.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "ir/expr.h"

namespace croton::front {

// ------------------------------------------------------------------------------------------------------------ numbers

/// Literals by Theano's rule: the smallest signed integer dtype; float32 where exact (or `float_x` when that is not
/// float64).
Expr number(Builder& b, int64_t value);
Expr number(Builder& b, double value, DType float_x = DType::f64);
/// The value of a rank-0 (or uniform) constant integer.
std::optional<int64_t> constant_integer(const Expr& x);

// ------------------------------------------------------------------------------------------------------------ shapes

/// The length of a vector where the graph shows it: constants, `x.shape`, joined or sliced such vectors.
std::optional<int64_t> vector_length(const Expr& v);
/// Elements of an integer vector as int64 scalars. `length` is needed where the graph does not show it, else
/// ValueError.
std::vector<Expr> vector_elements(const Expr& v, int length = -1);

/// An axis counted from the end when negative. ValueError when it is out of range.
int normal_axis(int64_t axis, int rank, std::string_view what);
/// Sorted, without repetition; all axes when absent.
std::vector<int64_t> normal_axes(const std::optional<std::vector<int64_t>>& axes, int rank, std::string_view what);

Expr shape(const Expr& x);
Expr reshape(const Expr& x, std::vector<Expr> sizes);
Expr flatten(const Expr& x, int rank = 1);                      // the last axes are joined
Expr transpose(const Expr& x, std::vector<int64_t> axes = {});  // none: reversed
Expr swap_axes(const Expr& x, int64_t first, int64_t second);
Expr pad_right(const Expr& x, int count);
Expr pad_axis(const Expr& x, int64_t axis);
Expr squeeze(const Expr& x);  // drops the axes known to have size one
Expr drop_axes(const Expr& x, const std::vector<int64_t>& axes);
/// The same array with another set of axes known to have size one (checked at run time).
Expr with_ones(const Expr& x, uint32_t ones);
Expr add_broadcast(const Expr& x, const std::vector<int64_t>& axes);
Expr remove_broadcast(const Expr& x, const std::vector<int64_t>& axes);

// ------------------------------------------------------------------------------------------------------------ creation

Expr alloc(const Expr& value, std::vector<Expr> sizes);
Expr filled_like(const Expr& x, double value, std::optional<DType> dtype = {});
/// Integers give int64 (uint64) whatever their size, as the lengths of arrays want it.
Expr arange(const Expr& start, const Expr& stop, const Expr& step, std::optional<DType> dtype = {});
/// Ones on the diagonal `offset`, zeros elsewhere.
Expr eye(const Expr& rows, const Expr& columns, const Expr& offset, DType dtype);
/// Ones on and below the diagonal `offset`.
Expr tri(const Expr& rows, const Expr& columns, const Expr& offset, DType dtype);
Expr join(int64_t axis, std::vector<Expr> parts);
Expr stack(std::vector<Expr> parts, int64_t axis = 0);
Expr repeat(const Expr& x, const Expr& count, std::optional<int64_t> axis = {});
Expr tile(const Expr& x, std::vector<Expr> counts);
std::vector<Expr> split(const Expr& x, std::vector<Expr> sizes, int64_t axis);

// ------------------------------------------------------------------------------------------------------------ indexing

/// One entry of x[...]. `value` is the scalar or the index array; absent bounds of a slice are null.
struct IndexItem {
  enum class Kind { scalar, slice, new_axis, ellipsis, array };
  Kind kind = Kind::slice;
  Expr value = {};
  Expr start = {}, stop = {}, step = {};
};

/// NumPy's indexing by integers, slices, new axes and integer arrays.
Expr index(const Expr& x, std::vector<IndexItem> items);
/// A copy of x in which `region`, made by `index` from it, is overwritten or added to. TypeError when region is not
/// indexed.
Expr set_region(const Expr& region, const Expr& values, bool add);
/// One vector of positions per axis. As an index, a bool array stands for the positions of its ones.
std::vector<Expr> nonzero(const Expr& x);
/// sort, argsort, cumsum or cumprod along an axis; of all elements in C order when it is absent.
Expr along_axis(std::string_view row, const Expr& x, std::optional<int64_t> axis);
Expr take(const Expr& x, const Expr& indices, std::optional<int64_t> axis = {});
Expr diagonal(const Expr& x, int64_t offset, int64_t axis1, int64_t axis2);

// ------------------------------------------------------------------------------------------------------------
// reductions

using Axes = std::optional<std::vector<int64_t>>;  // absent: all

struct SumOptions {
  bool keep_axes = false;
  std::optional<DType> dtype, accumulator;
};
/// `row` is sum or prod.
Expr accumulate(std::string_view row, const Expr& x, const Axes& axes, const SumOptions& options = {});
/// Reductions without a dtype of their own: max min any all argmax.
Expr reduce(std::string_view row, const Expr& x, const Axes& axes, bool keep_axes = false);
Expr argmin(const Expr& x, const Axes& axes, bool keep_axes = false);
std::pair<Expr, Expr> max_and_argmax(const Expr& x, const Axes& axes, bool keep_axes = false);
Expr mean(const Expr& x, const Axes& axes, const SumOptions& options = {});
Expr var(const Expr& x, const Axes& axes, double ddof = 0, bool keep_axes = false, bool corrected = false);

// ------------------------------------------------------------------------------------------------------------ products

/// a / b; the quotient of two integers has the dtype `float_x`.
Expr true_div(const Expr& a, const Expr& b, DType float_x = DType::f64);
Expr dot(const Expr& a, const Expr& b);  // any rank, as NumPy
Expr tensordot(const Expr& a, const Expr& b, std::vector<int64_t> a_axes, std::vector<int64_t> b_axes);
Expr outer(const Expr& a, const Expr& b);

// ------------------------------------------------------------------------------------------------------------ networks

Expr softmax(const Expr& x, bool logarithm = false);  // a vector gives a row, as in Theano
Expr relu(const Expr& x, const Expr& alpha = {});
Expr elu(const Expr& x, const Expr& alpha);
Expr selu(const Expr& x);
Expr softsign(const Expr& x);
Expr hard_sigmoid(const Expr& x);
Expr binary_crossentropy(const Expr& output, const Expr& target);
Expr sigmoid_binary_crossentropy(const Expr& output, const Expr& target);
/// The target holds distributions (rows) or positions of the ones.
Expr categorical_crossentropy(const Expr& coding, const Expr& target);
Expr one_hot(const Expr& y, const Expr& classes, DType dtype);

}  // namespace croton::front
