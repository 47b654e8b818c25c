// Runs the code columns of structural rows (pull, reduce, update, view) one node at a time, to compare them with
// `value`.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "ir/op.h"

namespace croton::test {

/// Asks size rules with symbols for the sizes and scalars of a node's inputs, and evaluates what they say on real
/// inputs.
class SymbolicSizes final : public SizeQuery {
 public:
  SymbolicSizes(const Node& asked, std::span<const Array> inputs);
  SizeTable& table() override { return table_; }
  SizeId dim(size_t input, int axis) override;
  SizeId scalar(size_t input) override;
  void require_equal(SizeId a, SizeId b, std::string message) override;
  void require_reshape(std::vector<SizeId> from, std::vector<SizeId> to) override;
  void require_not_negative(SizeId a, std::string message) override;

  int64_t value(SizeId id) const;
  std::vector<int64_t> values(std::span<const SizeId> ids) const;
  /// Strides of input 0 in elements: products of its sizes when it is contiguous.
  std::vector<SizeId> strides();

 private:
  const Array& array_of_leaf(const Var& leaf) const;
  SizeTable table_;
  std::span<const Array> inputs_;
};

std::vector<std::vector<int64_t>> symbolic_shapes(const Node& node, std::span<const Array> inputs);
/// Output `output` by the row's `pull`.
Array pulled(const Node& node, std::span<const Array> inputs, size_t output);
/// The outputs by the row's `reduce`, the elements combined from two pieces in the given order.
std::vector<Array> reduced(const Node& node, std::span<const Array> inputs, bool swapped);
Array updated(const Node& node, std::span<const Array> inputs);
/// Input 0 as the row's `view` sees it; none when it is not a view.
std::optional<Array> viewed(const Node& node, std::span<const Array> inputs);

/// Fails the running test unless both have one dtype, one shape and equal values (NaN equals NaN), up to a relative
/// tolerance.
void expect_same(const Array& got, const Array& expected, double tolerance = 0);

/// The same array with gaps between its elements and its axes in the reverse order in memory.
Array scattered(const Array& array);

}  // namespace croton::test
