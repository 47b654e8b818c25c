// Structural rows: their code columns (pull, reduce, update, view) and size rules against their reference values.
#include <gtest/gtest.h>

#include "base/text.h"
#include "ir/op.h"
#include "support/row_code.h"
#include "support/samples.h"

namespace croton::test {
namespace {

class StructuralRows : public testing::TestWithParam<const Op*> {
 protected:
  const Op& op() const { return *GetParam(); }

  template <class Check>
  void for_each_sample(Check&& check) const {
    for (const Sample& sample : samples_of(op())) {
      const Case c = make_case(op(), sample);
      const Node& node = *c.outputs[0].node;
      if (is_complex(node.types[0].dtype)) continue;  // loops know no complex numbers
      SCOPED_TRACE(fmt::format("{} with ints [{}]", op().name, join(sample.ints, ",")));
      std::vector<Array> expected(node.types.size());
      op().value(node, c.values, expected);
      std::vector<Array> apart;
      for (const Array& x : c.values) apart.push_back(scattered(x));
      check(node, c.values, expected);
      check(node, apart, expected);
    }
  }
};

TEST_P(StructuralRows, ReadStridedInputs) {
  if (!op().value) return;
  for_each_sample([](const Node& node, std::span<const Array> inputs, const std::vector<Array>& expected) {
    std::vector<Array> got(expected.size());
    node.op->value(node, inputs, got);
    for (size_t k = 0; k < got.size(); ++k) expect_same(got[k], expected[k]);
  });
}

TEST_P(StructuralRows, KnowTheirSizesFromSymbols) {
  if (!op().value || !op().sizes || op().has(value_dependent_sizes)) return;
  for_each_sample([](const Node& node, std::span<const Array> inputs, const std::vector<Array>& expected) {
    const auto shapes = symbolic_shapes(node, inputs);
    ASSERT_EQ(shapes.size(), expected.size());
    for (size_t k = 0; k < shapes.size(); ++k) EXPECT_EQ(shapes[k], expected[k].shape);
  });
}

TEST_P(StructuralRows, PullTheirValues) {
  if (!op().pull) return;
  for_each_sample([](const Node& node, std::span<const Array> inputs, const std::vector<Array>& expected) {
    for (size_t k = 0; k < expected.size(); ++k) expect_same(pulled(node, inputs, k), expected[k]);
  });
}

TEST_P(StructuralRows, ReduceToTheirValues) {
  if (!op().is_reduce()) return;
  for_each_sample([](const Node& node, std::span<const Array> inputs, const std::vector<Array>& expected) {
    for (const bool swapped : {false, true}) {
      const auto got = reduced(node, inputs, swapped);
      for (size_t k = 0; k < expected.size(); ++k) expect_same(got[k], expected[k], 1e-14);
    }
  });
}

TEST_P(StructuralRows, UpdateToTheirValues) {
  if (!op().is_update()) return;
  for_each_sample([](const Node& node, std::span<const Array> inputs, const std::vector<Array>& expected) {
    expect_same(updated(node, inputs), expected[0]);
  });
}

TEST_P(StructuralRows, ViewTheirValues) {
  if (!op().view) return;
  for_each_sample([](const Node& node, std::span<const Array> inputs, const std::vector<Array>& expected) {
    const auto view = viewed(node, inputs);
    EXPECT_TRUE(view.has_value() || !inputs[0].is_contiguous()) << "a contiguous input can be seen";
    if (view) expect_same(*view, expected[0]);
  });
}

std::vector<const Op*> structural_rows() {
  std::vector<const Op*> rows;
  for (const Op* op : all_ops()) {
    if (!op->is_elementwise() && !op->has(leaf)) rows.push_back(op);
  }
  return rows;
}

INSTANTIATE_TEST_SUITE_P(All, StructuralRows, testing::ValuesIn(structural_rows()),
                         [](const auto& info) { return std::string(info.param->name); });

}  // namespace
}  // namespace croton::test
