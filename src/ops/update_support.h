// What rows that overwrite or increase a region of a tensor share: dtypes, broadcasting of the values, reference
// values.
#pragma once

#include <span>
#include <vector>

#include "ops/support.h"

namespace croton {

/// Raises a TypeError unless input 1 can be stored in input 0 and has the rank of the region.
void check_values(const TypeQuery& q, int region_rank);
/// The values must have the sizes of the region, but for their axes of known size one.
void require_values(SizeQuery& q, std::span<const SizeId> region);
/// The values, of the dtype of x, seen with the shape of the region; ValueError when they do not fit.
Array values_over(const Node& node, const Array& values, const std::vector<int64_t>& region);
/// A zero of x's dtype that broadcasts to a region of that rank.
Expr zero_values(Builder& builder, DType dtype, int region_rank);

/// Gradients of x and of the values. `part` takes the region out of a tensor, `overwrite` puts zeros there.
template <class Part, class Overwrite>
std::vector<Expr> update_vjp(const Vjp& v, Part&& part, Overwrite&& overwrite) {
  std::vector<Expr> dx(v.x.size());
  dx[0] = v.node.op->update.add ? v.dy[0] : overwrite(v.dy[0]);
  dx[1] = sum_to(part(v.dy[0]), v.x[1]);
  return dx;
}
/// The row itself on the tangents.
std::vector<Expr> update_jvp(const Jvp& v);
std::vector<std::vector<bool>> update_connects(const Node& node);  // x and the values

}  // namespace croton
