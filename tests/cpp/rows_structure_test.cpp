// Structural rows: results, messages and types that are known beforehand.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "base/error.h"
#include "base/text.h"
#include "ir/clone.h"
#include "ir/expr.h"
#include "ir/op.h"
#include "ir/print.h"
#include "ops/host.h"
#include "support/evaluate.h"
#include "support/row_code.h"

namespace croton::test {
namespace {

constexpr double nan_value = std::numeric_limits<double>::quiet_NaN();
using Numbers = std::vector<double>;
using Shape = std::vector<int64_t>;

struct Rows : testing::Test {
  UserBuilder builder;
  Bindings bindings;

  Expr given(DType dtype, Shape shape, Numbers values, uint32_t ones = 0) {
    Type type = tensor_type(dtype, static_cast<int>(shape.size()));
    type.ones = ones;
    const Var v = new_input(type);
    bindings.emplace_back(v, array_from(dtype, std::move(shape), values));
    return builder.wrap(v);
  }
  Expr vector(Numbers values) {
    const auto size = static_cast<int64_t>(values.size());
    return given(DType::f64, {size}, std::move(values));
  }
  Expr number(int64_t value) { return builder.integer(value); }
  Array value(const Expr& e) { return evaluate(e.var, bindings); }
  void expect(const Expr& e, DType dtype, Shape shape, Numbers values) {
    expect_same(value(e), array_from(dtype, std::move(shape), values));
  }
  Expr apply(std::string_view row, std::vector<Expr> inputs, std::vector<int64_t> ints = {}) {
    return builder.apply(row, std::move(inputs), std::move(ints));
  }
};

using ReduceRows = Rows;

TEST_F(ReduceRows, AccumulateInWideIntegers) {
  expect(apply("sum", {given(DType::i8, {2}, {100, 100})}, {0}), DType::i64, {}, {200});
  expect(apply("sum", {given(DType::b1, {3}, {1, 1, 0})}, {0}), DType::i64, {}, {2});
  expect(apply("prod", {given(DType::u8, {2}, {100, 100})}, {0}), DType::u64, {}, {10000});
  expect(apply("sum", {given(DType::f32, {2}, {1, 2})}, {0}), DType::f32, {}, {3});
  expect(apply("sum", {given(DType::f16, {2}, {1, 2})}, {0}), DType::f16, {}, {3});
  expect(apply("max", {given(DType::u8, {2}, {200, 3})}, {0}), DType::u8, {}, {200});
}

TEST_F(ReduceRows, OfNothing) {
  expect(apply("sum", {given(DType::f64, {0, 2}, {})}, {0}), DType::f64, {2}, {0, 0});
  expect(apply("prod", {given(DType::f64, {0, 2}, {})}, {0}), DType::f64, {2}, {1, 1});
  expect(apply("any", {given(DType::f64, {0}, {})}, {0}), DType::b1, {}, {0});
  expect(apply("all", {given(DType::f64, {0}, {})}, {0}), DType::b1, {}, {1});
  expect(apply("max", {given(DType::f64, {0, 0}, {})}, {0}), DType::f64, {0}, {});
  for (const auto* row : {"max", "min", "argmax"}) EXPECT_THROW(value(apply(row, {vector({})}, {0})), ValueError);
}

TEST_F(ReduceRows, FindExtremaWithTiesAndNaN) {
  const auto check = [&](Numbers x, double greatest, double least, double place) {
    for (const bool swapped : {false, true}) {
      const Array values = array_from(DType::f64, {static_cast<int64_t>(x.size())}, x);
      const Expr v = vector(x);
      const auto got = [&](std::string_view row) {
        return reduced(*apply(row, {v}, {0}).var.node, {&values, 1}, swapped)[0];
      };
      expect_same(got("max"), array_from(DType::f64, {}, {greatest}));
      expect_same(got("min"), array_from(DType::f64, {}, {least}));
      expect_same(got("argmax"), array_from(DType::i64, {}, {place}));
      expect_same(value(apply("argmax", {v}, {0})), array_from(DType::i64, {}, {place}));
      expect_same(value(apply("max", {v}, {0})), array_from(DType::f64, {}, {greatest}));
      expect_same(value(apply("min", {v}, {0})), array_from(DType::f64, {}, {least}));
    }
  };
  constexpr double infinity = std::numeric_limits<double>::infinity();
  check({1, 3, 3, 2}, 3, 1, 1);
  check({3, 1, 2, 3}, 3, 1, 0);
  check({1, nan_value, 5, nan_value}, nan_value, nan_value, 1);
  check({1, 2, 5, nan_value}, nan_value, nan_value, 3);
  check({-infinity, -infinity}, -infinity, -infinity, 0);
  check({infinity, nan_value}, nan_value, nan_value, 1);
  const Expr bools = given(DType::b1, {4}, {0, 1, 0, 1});
  const Array flags = array_from(DType::b1, {4}, {0, 1, 0, 1});
  expect_same(reduced(*apply("argmax", {bools}, {0}).var.node, {&flags, 1}, true)[0], array_from(DType::i64, {}, {1}));
  const Array lowest = array_from(DType::i8, {3}, {-128, -128, -128});
  expect_same(
      reduced(*apply("argmax", {given(DType::i8, {3}, {-128, -128, -128})}, {0}).var.node, {&lowest, 1}, false)[0],
      array_from(DType::i64, {}, {0}));
}

TEST_F(ReduceRows, CountPositionsInCOrderOverTheAxes) {
  const Expr x = given(DType::f64, {2, 2, 3}, {1, 2, 3, 4, 5, 6, 7, 8, 20, 10, 11, 12});
  expect(apply("argmax", {x}, {0, 2}), DType::i64, {2}, {5, 5});
  expect(apply("argmax", {x}, {0, 1, 2}), DType::i64, {}, {8});
}

TEST_F(ReduceRows, RefuseAxesThatAreNotThere) {
  EXPECT_THROW(apply("sum", {vector({1})}, {1}), ValueError);
  EXPECT_THROW(apply("sum", {vector({1})}, {-1}), ValueError);
  EXPECT_THROW(apply("sum", {given(DType::f64, {1, 1}, {1})}, {1, 0}), ValueError);
  EXPECT_THROW(apply("sum", {builder.wrap(new_input(kind_type(Kind::none)))}, {0}), TypeError);
}

TEST_F(ReduceRows, KeepWhatIsKnownOfSizes) {
  const Expr x = given(DType::f64, {1, 2, 1}, {1, 2}, 0b101);
  EXPECT_EQ(apply("sum", {x}, {1}).type().ones, 0b11u);
  EXPECT_EQ(apply("sum", {x}, {0}).type().ones, 0b10u);
}

using ShapeRows = Rows;

TEST_F(ShapeRows, RefuseToDropAnAxisThatMayBeLong) {
  const Expr x = given(DType::f64, {1, 2}, {1, 2});
  try {
    apply("dimshuffle", {x}, {1});
    FAIL();
  } catch (const ValueError& error) {
    EXPECT_NE(error.message.find("You cannot drop a non-broadcastable dimension"), std::string::npos);
  }
  EXPECT_THROW(apply("dimshuffle", {x}, {0, 0, 1}), ValueError);
  EXPECT_THROW(apply("dimshuffle", {x}, {0, 2}), ValueError);
  EXPECT_EQ(apply("dimshuffle", {given(DType::f64, {1, 2}, {1, 2}, 1)}, {1}).type(), tensor_type(DType::f64, 1));
}

TEST_F(ShapeRows, InferOneSizeOfReshape) {
  const Expr x = vector({1, 2, 3, 4, 5, 6});
  expect(apply("reshape", {x, number(2), number(-1)}), DType::f64, {2, 3}, {1, 2, 3, 4, 5, 6});
  EXPECT_TRUE(apply("reshape", {x, number(1), number(-1)}).type().broadcasts(0));
  EXPECT_THROW(apply("reshape", {x, number(-1), number(-1)}), ValueError);
  EXPECT_THROW(apply("reshape", {x, number(-2)}), ValueError);
  EXPECT_THROW(apply("reshape", {x, builder.constant(DType::f64, 6)}), TypeError);
  try {
    value(apply("reshape", {x, number(4), number(2)}));
    FAIL();
  } catch (const ValueError& error) {
    EXPECT_EQ(error.message, "cannot reshape array of size 6 into shape (4, 2)");
  }
  EXPECT_THROW(value(apply("reshape", {x, number(4), number(-1)})), ValueError);
}

TEST_F(ShapeRows, FollowLeadingAxesOfAReshapeThatKeepsThem) {
  const Expr x = given(DType::f64, {2, 3, 2}, Numbers(12, 1));
  const Expr flat = apply("reshape", {x, dim(x, 0), number(-1)});
  const AxisMap map = flat.var.op().axes(*flat.var.node);
  EXPECT_EQ(map[0][0][0], 0);
  EXPECT_EQ(map[0][1][0], -1);
}

TEST_F(ShapeRows, MakeRanges) {
  const auto range = [&](double start, double stop, double step, DType dtype) {
    const auto scalar = [&](double v) {
      return is_float(dtype) ? builder.constant(dtype, v) : builder.integer(static_cast<int64_t>(v), dtype);
    };
    return apply("arange", {scalar(start), scalar(stop), scalar(step)}, {static_cast<int64_t>(dtype)});
  };
  expect(range(0, 5, 2, DType::i64), DType::i64, {3}, {0, 2, 4});
  expect(range(5, 0, -2, DType::i32), DType::i32, {3}, {5, 3, 1});
  expect(range(5, 0, 2, DType::i64), DType::i64, {0}, {});
  expect(range(0, 1, 0.25, DType::f32), DType::f32, {4}, {0, 0.25, 0.5, 0.75});
  expect(range(1, 0.1, -0.5, DType::f64), DType::f64, {2}, {1, 0.5});
  EXPECT_THROW(value(range(0, 5, 0, DType::i64)), ZeroDivisionError);
  const Expr stop = given(DType::f64, {}, {3});
  const Expr open = apply("arange", {builder.constant(DType::f64, 0), stop, builder.constant(DType::f64, 1)},
                          {static_cast<int64_t>(DType::f64)});
  EXPECT_THROW(value(open), NotImplementedError);
}

TEST_F(ShapeRows, PullRangesOfFloats) {
  const Expr range = apply(
      "arange", {builder.constant(DType::f64, 1), builder.constant(DType::f64, 3), builder.constant(DType::f64, 0.5)},
      {static_cast<int64_t>(DType::f32)});
  const Node& node = *range.var.node;
  std::vector<Array> inputs;
  for (const Var& x : node.inputs) inputs.push_back(array_of(literal_of(x) ? x.node->attributes.literal : nullptr));
  expect_same(pulled(node, inputs, 0), array_from(DType::f32, {4}, {1, 1.5, 2, 2.5}));
}

TEST_F(ShapeRows, JoinPartsOfSeveralDtypes) {
  const Expr whole = apply("join", {given(DType::i32, {2}, {1, 2}), given(DType::f32, {1}, {0.5})}, {0});
  expect(whole, DType::f64, {3}, {1, 2, 0.5});
  EXPECT_THROW(apply("join", {vector({1}), given(DType::f64, {1, 1}, {1})}, {0}), TypeError);
  EXPECT_THROW(apply("join", {vector({1}), vector({1})}, {1}), ValueError);
  const Expr apart = apply("join", {given(DType::f64, {2, 1}, {1, 2}), given(DType::f64, {3, 1}, {1, 2, 3})}, {1});
  EXPECT_THROW(value(apart), ValueError);
}

TEST_F(ShapeRows, CheckPromisedSizes) {
  const Expr x = vector({1, 2, 3});
  expect(apply("specify_shape", {x, number(3)}), DType::f64, {3}, {1, 2, 3});
  EXPECT_THROW(value(apply("specify_shape", {x, number(2)})), Error);
  EXPECT_THROW(apply("specify_shape", {x}), ValueError);
  EXPECT_THROW(value(apply("rebroadcast", {x}, {1})), ValueError);
  EXPECT_THROW(apply("rebroadcast", {x}, {2}), ValueError);
  EXPECT_THROW(value(apply("alloc", {vector({1, 2}), number(3)})), ValueError);
  EXPECT_THROW(apply("alloc", {vector({1, 2})}), TypeError);
}

using IndexRows = Rows;

// Python's own slices, over every combination of bounds around the ends.
TEST_F(IndexRows, SliceAsPythonDoes) {
  const auto python = [](int64_t n, std::optional<int64_t> start, std::optional<int64_t> stop, int64_t step) {
    const auto clip = [&](int64_t bound, int64_t low, int64_t high) {
      if (bound < 0) bound += n;
      return std::min(std::max(bound, low), high);
    };
    const int64_t low = step > 0 ? 0 : -1, high = step > 0 ? n : n - 1;
    const int64_t first = start ? clip(*start, low, high) : step > 0 ? 0 : n - 1;
    const int64_t last = stop ? clip(*stop, low, high) : step > 0 ? n : -1;
    Numbers taken;
    for (int64_t i = first; step > 0 ? i < last : i > last; i += step) taken.push_back(static_cast<double>(i));
    return taken;
  };
  for (const int64_t n : {0, 1, 4}) {
    Numbers numbers;
    for (int64_t k = 0; k < n; ++k) numbers.push_back(static_cast<double>(k));
    const Array x = array_from(DType::f64, {n}, numbers);
    for (const int64_t step : {-3, -1, 1, 2}) {
      for (int64_t start = -6; start <= 6; ++start) {
        for (int64_t stop = -6; stop <= 6; ++stop) {
          const bool has_start = start != 6, has_stop = stop != 6;
          const Numbers expected = python(n, has_start ? std::optional(start) : std::nullopt,
                                          has_stop ? std::optional(stop) : std::nullopt, step);
          for (const bool constant : {true, false}) {
            std::vector<Expr> inputs = {builder.wrap(new_input(tensor_type(DType::f64, 1)))};
            std::vector<Array> arrays = {x};
            const auto scalar = [&](int64_t v) {
              inputs.push_back(constant ? number(v) : builder.wrap(new_input(scalar_type(DType::i64))));
              arrays.push_back(array_from(DType::i64, {}, {static_cast<double>(v)}));
            };
            if (has_start) scalar(start);
            if (has_stop) scalar(stop);
            scalar(step);
            const Expr part = apply("subtensor", inputs, {has_start + 2 * has_stop + 4});
            const Node& node = *part.var.node;
            SCOPED_TRACE(fmt::format("size {}, [{}:{}:{}], constant {}", n, start, stop, step, constant));
            const Array wanted = array_from(DType::f64, {static_cast<int64_t>(expected.size())}, expected);
            std::vector<Array> got;
            node.op->value(node, arrays, got);
            expect_same(got[0], wanted);
            expect_same(pulled(node, arrays, 0), wanted);
            expect_same(*viewed(node, arrays), wanted);
          }
        }
      }
    }
  }
}

TEST_F(IndexRows, CheckPositions) {
  for (const int64_t position : {3, -4}) {
    const Expr element = apply("subtensor", {vector({1, 2, 3}), number(position)}, {-1});
    const Node& node = *element.var.node;
    const Array inputs[2] = {array_from(DType::f64, {3}, {1, 2, 3}),
                             array_from(DType::i64, {}, {static_cast<double>(position)})};
    EXPECT_THROW(value(element), IndexError);
    EXPECT_THROW(pulled(node, inputs, 0), IndexError);
    EXPECT_THROW(viewed(node, inputs), Error);
    EXPECT_THROW(
        value(apply("set_subtensor", {vector({1, 2, 3}), builder.constant(DType::f64, 0), number(position)}, {-1})),
        IndexError);
  }
}

TEST_F(IndexRows, RefuseWhatDoesNotFit) {
  const Expr x = vector({1, 2, 3});
  EXPECT_THROW(apply("subtensor", {x, number(0), number(0)}, {-1, -1}), ValueError);
  EXPECT_THROW(apply("subtensor", {x, builder.constant(DType::f64, 0)}, {-1}), TypeError);
  EXPECT_THROW(apply("subtensor", {x, number(0)}, {4}), ValueError);
  EXPECT_THROW(apply("subtensor", {x}, {-1}), TypeError);
  EXPECT_THROW(apply("set_subtensor", {x, x, number(0)}, {-1}), TypeError);
  EXPECT_THROW(value(apply("set_subtensor", {x, x, number(1)}, {1})), ValueError);
  const Expr integers = given(DType::i32, {3}, {1, 2, 3});
  EXPECT_THROW(apply("inc_subtensor", {integers, x}, {0}), TypeError);
  EXPECT_THROW(apply("advanced_subtensor", {x, given(DType::b1, {3}, {1, 0, 1})}, {1}), TypeError);
  EXPECT_THROW(value(apply("advanced_subtensor", {x, given(DType::i64, {1}, {5})}, {1})), IndexError);
  const Expr square = given(DType::f64, {2, 2}, {1, 2, 3, 4});
  EXPECT_THROW(value(apply("advanced_subtensor",
                           {square, given(DType::i64, {2}, {0, 1}), given(DType::i64, {3}, {0, 1, 1})}, {1, 1})),
               IndexError);
}

TEST_F(IndexRows, KeepWhatIsKnownOfSizes) {
  const Expr row = given(DType::f64, {1, 3}, {1, 2, 3}, 1);
  EXPECT_TRUE(apply("subtensor", {row, number(0)}, {1}).type().broadcasts(0));
  EXPECT_TRUE(apply("subtensor", {row, number(-1)}, {4}).type().broadcasts(0));
  EXPECT_FALSE(apply("subtensor", {row, number(1)}, {1}).type().broadcasts(0));
  EXPECT_EQ(apply("subtensor", {row, number(0)}, {-1}).type(), tensor_type(DType::f64, 1));
}

TEST_F(IndexRows, AccumulateDuplicatesAndKeepTheLast) {
  const Expr zeros = vector({0, 0, 0}), places = given(DType::i64, {3}, {0, 0, 1});
  expect(apply("advanced_inc_subtensor", {zeros, given(DType::f64, {1}, {1}, 1), places}, {1}), DType::f64, {3},
         {2, 1, 0});
  expect(apply("advanced_set_subtensor", {zeros, vector({5, 6, 7}), places}, {1}), DType::f64, {3}, {6, 7, 0});
  const Expr set = apply("advanced_set_subtensor",
                         {given(DType::f64, {2, 3, 4}, Numbers(24, 0)), given(DType::f64, {2, 3}, Numbers(6, 1)),
                          given(DType::i64, {2}, {0, 0}), given(DType::i64, {2}, {1, 1})},
                         {1, 0, 1});
  EXPECT_EQ(set.var.op().update.serial_axes(*set.var.node), 1u);
  const Expr inner = apply("advanced_inc_subtensor",
                           {given(DType::f64, {2, 3}, Numbers(6, 0)), given(DType::f64, {2, 2}, {1, 2, 3, 4}),
                            given(DType::i64, {2}, {1, 1})},
                           {0, 1});
  EXPECT_EQ(inner.var.op().update.serial_axes(*inner.var.node), 2u);
  expect(inner, DType::f64, {2, 3}, {0, 3, 0, 0, 7, 0});
}

TEST_F(IndexRows, PutIndexAxesWhereNumPyDoes) {
  Numbers numbers;
  for (int k = 0; k < 24; ++k) numbers.push_back(k);
  const Expr x = given(DType::f64, {2, 3, 4}, numbers);
  const Expr i = given(DType::i64, {2}, {0, 1}), j = given(DType::i64, {2}, {3, -2});
  expect(apply("advanced_subtensor", {x, i, j}, {1, 0, 1}), DType::f64, {2, 3}, {3, 7, 11, 14, 18, 22});
  expect(apply("advanced_subtensor", {x, i, j}, {0, 1, 1}), DType::f64, {2, 2}, {3, 6, 15, 18});
  expect(apply("advanced_subtensor", {x, i}, {0, 0, 1}), DType::f64, {2, 3, 2},
         {0, 1, 4, 5, 8, 9, 12, 13, 16, 17, 20, 21});
}

using LinearRows = Rows;

TEST_F(LinearRows, MultiplyIntegersAndRefuseBadShapes) {
  const Expr a = given(DType::i32, {2, 2}, {1, 2, 3, 4});
  expect(apply("dot", {a, given(DType::i8, {2}, {1, -1})}), DType::i32, {2}, {-1, -1});
  expect(apply("dot", {a, given(DType::f32, {2}, {0.5, 1})}), DType::f64, {2}, {2.5, 5.5});
  EXPECT_THROW(apply("dot", {a, builder.constant(DType::f64, 1)}), TypeError);
  try {
    value(apply("dot", {a, vector({1, 2, 3})}));
    FAIL();
  } catch (const ValueError& error) {
    EXPECT_EQ(error.message, "Shape mismatch: x has 2 cols but y has 3 rows");
  }
}

TEST_F(LinearRows, LeaveTheAddedMatrixAloneWhenBetaIsZero) {
  const Expr c = given(DType::f64, {1, 1}, {nan_value}), one = builder.constant(DType::f64, 1),
             zero = builder.constant(DType::f64, 0);
  const Expr a = given(DType::f64, {1, 2}, {1, 2}), b = given(DType::f64, {2, 1}, {3, 4});
  expect(apply("gemm", {c, one, a, b, zero}), DType::f64, {1, 1}, {11});
  EXPECT_THROW(apply("gemm", {c, one, a, vector({1, 2}), zero}), TypeError);
}

using NetworkRows = Rows;

TEST_F(NetworkRows, DoNotOverflow) {
  const Expr x = given(DType::f64, {1, 2}, {1000, 0});
  expect(apply("softmax", {x}), DType::f64, {1, 2}, {1, 0});
  expect(apply("logsoftmax", {x}), DType::f64, {1, 2}, {0, -1000});
  EXPECT_THROW(apply("softmax", {vector({1, 2})}), ValueError);
}

using ControlRows = Rows;

TEST_F(ControlRows, ChooseABranch) {
  const Expr chosen = apply("ifelse", {given(DType::i8, {}, {2}), vector({1, 2}), vector({3})}, {1});
  expect(chosen, DType::f64, {2}, {1, 2});
  EXPECT_THROW(apply("ifelse", {builder.constant(DType::b1, 1), vector({1}), given(DType::f32, {1}, {1})}, {1}),
               TypeError);
  EXPECT_THROW(apply("ifelse", {builder.constant(DType::f64, 1), vector({1}), vector({1})}, {1}), TypeError);
  EXPECT_THROW(apply("ifelse", {builder.constant(DType::b1, 1), vector({1}), vector({1})}, {2}), ValueError);
}

TEST_F(ControlRows, ConnectOutputsOfAGraphToTheInputsTheyDependOn) {
  const Var a = new_input(tensor_type(DType::f64, 1)), b = new_input(tensor_type(DType::f64, 1));
  const Expr x = builder.wrap(a), y = builder.wrap(b);
  const auto body = std::make_shared<Graph>(Graph{{a, b}, {(x * cast(dim(y, 0), DType::f64)).var, (x + y).var}});
  const auto outputs = builder.apply_all(op_named("op_from_graph"), {vector({1}), vector({2})}, {}, {body});
  const auto connected = op_named("op_from_graph").connects(*outputs[0].var.node);
  EXPECT_EQ(connected, (std::vector<std::vector<bool>>{{true, true}, {false, true}}));
  EXPECT_THROW(builder.apply_all(op_named("op_from_graph"), {vector({1})}, {}, {body}), TypeError);
}

// Doubles its input, or promises a type that it does not keep.
struct Doubling final : HostOp {
  bool honest = true, with_effect = false;
  std::string text() const override { return "Doubling"; }
  bool has_effect() const override { return with_effect; }
  std::vector<Type> types(std::span<const Var> inputs) const override {
    if (inputs.size() != 1) throw TypeError("Doubling takes one input");
    return {inputs[0].type()};
  }
  void perform(const Node&, std::span<const Array> inputs, std::vector<Array>& outputs) override {
    outputs[0] = converted(inputs[0], honest ? DType::f64 : DType::f32);
    for_each_element(outputs[0], [&](int64_t, std::byte* p) {
      store_double(p, outputs[0].dtype, 2 * element_as_double(p, outputs[0].dtype));
    });
  }
  bool infer_sizes(SizeQuery& q, Sizes& sizes) const override {
    sizes = {{q.dim(0, 0)}};
    return true;
  }
};

TEST_F(ControlRows, CallUsersOps) {
  const auto op = std::make_shared<Doubling>();
  const Expr y = apply_host_op(builder, op, {vector({1, 2})})[0];
  EXPECT_EQ(y.var.op().name, "host_op");
  EXPECT_FALSE(y.var.op().has(opaque));
  expect(y, DType::f64, {2}, {2, 4});
  const Array x = array_from(DType::f64, {2}, {1, 2});
  EXPECT_EQ(symbolic_shapes(*y.var.node, {&x, 1}), (std::vector<Shape>{{2}}));
  EXPECT_THROW(apply_host_op(builder, op, {}), TypeError);
  op->honest = false;
  EXPECT_THROW(value(y), TypeError);
  op->with_effect = true;
  EXPECT_TRUE(apply_host_op(builder, op, {vector({1})})[0].var.op().has(opaque));
}

}  // namespace
}  // namespace croton::test
