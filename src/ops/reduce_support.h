// What reductions share: the columns that follow from the family, gradients, and the loop of the reference values.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "ir/op.h"
#include "ops/support.h"

namespace croton {

std::vector<Type> reduced_types(const TypeQuery& q, std::initializer_list<DType> dtypes);  // checks the axes
Sizes reduce_sizes(SizeQuery& q);
std::vector<Expr> reduce_batch(const Batch& b);
AxisMap reduce_axes(const Node& node);

/// A value without the reduced axes, with them again as axes of size one, so that it broadcasts to x.
Expr with_axes(const Expr& y, const Node& reduction);
std::vector<bool> reduced_mask(const Node& node);  // per axis of the input

/// Calls f(element, output position in C order, position along the reduced axes in C order) for every element of x.
template <class F>
void for_each_reduced(const Node& node, const Array& x, F&& f) {
  const std::vector<bool> reduced = reduced_mask(node);
  for_each_index(x.shape, [&](const Index& index) {
    int64_t kept = 0, along = 0;
    for (size_t axis = 0; axis < index.size(); ++axis) {
      int64_t& position = reduced[axis] ? along : kept;
      position = position * x.shape[axis] + index[axis];
    }
    f(element(x, index), kept, along);
  });
}
std::vector<int64_t> kept_shape(const Node& node, const Array& x);
int64_t reduced_count(const Node& node, const Array& x);  // elements per output element

}  // namespace croton
