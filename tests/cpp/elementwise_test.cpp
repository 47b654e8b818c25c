// Elementwise rows: Theano's dtype rules, broadcasting, and scalar code that agrees with the reference value in every
// dtype.
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "base/error.h"
#include "ops/registry.h"
#include "support/loop_interpreter.h"

namespace croton {
namespace {

constexpr DType real_dtypes[] = {DType::b1,  DType::i8,  DType::i16, DType::i32, DType::i64, DType::u8,
                                 DType::u16, DType::u32, DType::u64, DType::f16, DType::f32, DType::f64};

Var variable(Type type) { return {new_node(op_named("input"), {}, {type}), 0}; }

Type type_of(const char* name, const std::vector<Type>& inputs, const Attributes& attributes = {}) {
  std::vector<Var> vars;
  for (const Type& type : inputs) vars.push_back(variable(type));
  const Op& op = op_named(name);
  return op.type({op, vars, attributes, {}})[0];
}

DType dtype_of(const char* name, const std::vector<DType>& dtypes) {
  std::vector<Type> types;
  for (const DType dtype : dtypes) types.push_back(scalar_type(dtype));
  return type_of(name, types).dtype;
}

TEST(ElementwiseTypes, BinaryArithmeticPromotesAsArraysDo) {
  EXPECT_EQ(dtype_of("add", {DType::i8, DType::f32}), DType::f32);
  EXPECT_EQ(dtype_of("mul", {DType::i32, DType::f32}), DType::f64);
  EXPECT_EQ(dtype_of("sub", {DType::u64, DType::i8}), DType::f64);
  EXPECT_EQ(dtype_of("maximum", {DType::i8, DType::u8}), DType::i16);
  EXPECT_EQ(dtype_of("add", {DType::f16, DType::i16}), DType::f32);
  EXPECT_EQ(dtype_of("add", {DType::b1, DType::b1}), DType::b1);
  EXPECT_EQ(dtype_of("clip", {DType::f32, DType::i8, DType::f64}), DType::f64);
}

TEST(ElementwiseTypes, IntegersStayIntegersExceptInTrueDivision) {
  EXPECT_EQ(dtype_of("int_div", {DType::i32, DType::i16}), DType::i32);
  EXPECT_EQ(dtype_of("mod", {DType::u8, DType::u8}), DType::u8);
  EXPECT_EQ(dtype_of("mod", {DType::b1, DType::b1}), DType::b1);
  EXPECT_EQ(dtype_of("int_div", {DType::b1, DType::b1}), DType::b1);
  EXPECT_EQ(dtype_of("pow", {DType::i8, DType::i8}), DType::i8);
  EXPECT_EQ(dtype_of("pow", {DType::b1, DType::b1}), DType::i8);
  EXPECT_EQ(dtype_of("true_div", {DType::i8, DType::i16}), DType::f32);
  EXPECT_EQ(dtype_of("true_div", {DType::i64, DType::i8}), DType::f64);
}

TEST(ElementwiseTypes, FloatFunctionsTakeIntegersToTheFloatOfTheirSize) {
  for (const char* name : {"exp", "inv", "sqrt", "floor", "sigmoid"}) {
    for (const DType small : {DType::b1, DType::i8, DType::u8, DType::i16, DType::u16}) {
      EXPECT_EQ(dtype_of(name, {small}), DType::f32) << name;
    }
    for (const DType large : {DType::i32, DType::u32, DType::i64, DType::u64}) {
      EXPECT_EQ(dtype_of(name, {large}), DType::f64) << name;
    }
    for (const DType own : {DType::f16, DType::f32, DType::f64}) EXPECT_EQ(dtype_of(name, {own}), own) << name;
  }
}

TEST(ElementwiseTypes, ComparisonsAndTestsGiveBools) {
  EXPECT_EQ(dtype_of("lt", {DType::i64, DType::f32}), DType::b1);
  EXPECT_EQ(dtype_of("isnan", {DType::i8}), DType::b1);
  EXPECT_EQ(dtype_of("invert", {DType::b1}), DType::b1);
  EXPECT_EQ(dtype_of("invert", {DType::u8}), DType::u8);
}

TEST(ElementwiseTypes, ComplexNumbersPromoteAndPartsAreReal) {
  EXPECT_EQ(dtype_of("add", {DType::c64, DType::i16}), DType::c64);
  EXPECT_EQ(dtype_of("mul", {DType::c64, DType::i32}), DType::c128);
  EXPECT_EQ(dtype_of("true_div", {DType::f64, DType::c64}), DType::c128);
  EXPECT_EQ(dtype_of("lt", {DType::c64, DType::f32}), DType::b1);
  for (const char* name : {"abs", "real", "imag"}) {
    EXPECT_EQ(dtype_of(name, {DType::c64}), DType::f32) << name;
    EXPECT_EQ(dtype_of(name, {DType::c128}), DType::f64) << name;
    EXPECT_EQ(dtype_of(name, {DType::i8}), DType::i8) << name;
  }
  EXPECT_EQ(dtype_of("angle", {DType::c64}), DType::f64);
  EXPECT_EQ(dtype_of("angle", {DType::f32}), DType::f64);
  EXPECT_EQ(dtype_of("conj", {DType::b1}), DType::i8);
  EXPECT_EQ(dtype_of("complex", {DType::f32, DType::i16}), DType::c64);
  EXPECT_EQ(dtype_of("complex", {DType::f32, DType::i32}), DType::c128);
  EXPECT_EQ(dtype_of("complex_from_polar", {DType::u64, DType::b1}), DType::c128);
}

TEST(ElementwiseTypes, SwitchPromotesItsBranchesOnly) {
  EXPECT_EQ(dtype_of("switch", {DType::f64, DType::i8, DType::f32}), DType::f32);
}

TEST(ElementwiseTypes, SecondHasTheDtypeOfItsSecondOperand) {
  EXPECT_EQ(dtype_of("second", {DType::f64, DType::i8}), DType::i8);
}

TEST(ElementwiseTypes, RefusalsNameTheRow) {
  const std::vector<std::pair<const char*, std::vector<DType>>> refused = {{"neg", {DType::b1}},
                                                                           {"sub", {DType::b1, DType::b1}},
                                                                           {"sgn", {DType::b1}},
                                                                           {"round", {DType::i32}},
                                                                           {"invert", {DType::f32}},
                                                                           {"and_", {DType::f32, DType::b1}},
                                                                           {"xor", {DType::u64, DType::i64}},
                                                                           {"and_", {DType::i8, DType::b1}},
                                                                           {"floor", {DType::c64}},
                                                                           {"mod", {DType::c64, DType::f32}},
                                                                           {"complex", {DType::c64, DType::f32}}};
  for (const auto& [name, dtypes] : refused) {
    try {
      dtype_of(name, dtypes);
      ADD_FAILURE() << name;
    } catch (const TypeError& error) {
      EXPECT_EQ(error.message.find(name), 0u) << error.message;
    }
  }
  EXPECT_THROW(type_of("add", {kind_type(Kind::list), kind_type(Kind::list)}), TypeError);
}

TEST(ElementwiseTypes, AnAxisBroadcastsOnlyWhereAllOperandsDo) {
  const Type row = tensor_type(DType::f64, {true, false}), column = tensor_type(DType::f64, {false, true});
  EXPECT_EQ(type_of("add", {row, column}).ones, 0u);
  EXPECT_EQ(type_of("add", {row, row}), row);
  Attributes to_int8;
  to_int8.ints = {static_cast<int64_t>(DType::i8)};
  EXPECT_EQ(type_of("cast", {row}, to_int8), tensor_type(DType::i8, {true, false}));
}

// ------------------------------------------------------------------------------------------------------ broadcasting

NodePtr node_of(const char* name, const std::vector<Type>& inputs) {
  std::vector<Var> vars;
  for (const Type& type : inputs) vars.push_back(variable(type));
  const Op& op = op_named(name);
  return new_node(op, vars, op.type({op, vars, {}, {}}));
}

Array counting(std::vector<int64_t> shape) {
  const Array array = new_array(DType::f64, std::move(shape));
  for_each_element(array, [](int64_t k, std::byte* p) { store_double(p, DType::f64, static_cast<double>(k)); });
  return array;
}

TEST(ElementwiseValues, StretchOnlyDeclaredAxes) {
  const NodePtr node = node_of("add", {tensor_type(DType::f64, {true, false}), tensor_type(DType::f64, {false, true})});
  const std::vector<Array> inputs = {counting({1, 3}), counting({2, 1})};
  std::vector<Array> outputs;
  node->op->value(*node, inputs, outputs);
  ASSERT_EQ(outputs[0].shape, (std::vector<int64_t>{2, 3}));
  const double expected[] = {0, 1, 2, 1, 2, 3};
  EXPECT_EQ(std::memcmp(outputs[0].data, expected, sizeof expected), 0);
}

TEST(ElementwiseValues, RefuseSizesThatDiffer) {
  const NodePtr node = node_of("add", {tensor_type(DType::f64, 1), tensor_type(DType::f64, 1)});
  const std::vector<Array> inputs = {counting({1}), counting({3})};
  std::vector<Array> outputs;
  try {
    node->op->value(*node, inputs, outputs);
    FAIL();
  } catch (const ValueError& error) {
    EXPECT_EQ(error.message, "Input dimension mis-match. (input[0].shape[0] = 1, input[1].shape[0] = 3)");
  }
}

TEST(ElementwiseAxes, FollowOperandsThatHaveThem) {
  const NodePtr node =
      node_of("add", {tensor_type(DType::f64, {true, false}), tensor_type(DType::f64, {false, false})});
  const AxisMap expected = {{{-1, 0}, {1, 1}}};
  EXPECT_EQ(node->op->axes(*node), expected);
}

// ------------------------------------------------------------------------------------------------ code against value

std::vector<const Op*> elementwise_rows() {
  std::vector<const Op*> rows;
  for (const Op* op : all_ops()) {
    if (op->elementwise.code && op->attributes_doc.empty()) rows.push_back(op);
  }
  return rows;
}

// Operand values of a dtype: the awkward ones, then random ones of the row's domain.
Array operand(const Op& op, DType dtype, int64_t count, unsigned seed) {
  static const double floats[] = {0.0,       -0.0,         1,     -1,    0.5,  -0.5, 2.5, -2.5, 3, 1e-7, HUGE_VAL,
                                  -HUGE_VAL, std::nan(""), 65504, 1e-40, 88.8, -20,  1.5, 1e30, -7};
  static const int64_t integers[] = {0,
                                     1,
                                     -1,
                                     2,
                                     -2,
                                     3,
                                     7,
                                     -7,
                                     127,
                                     -128,
                                     255,
                                     32767,
                                     -32768,
                                     2147483647,
                                     std::numeric_limits<int64_t>::max(),
                                     std::numeric_limits<int64_t>::min()};
  std::mt19937 random(seed);
  const Array array = new_array(dtype, {count});
  for_each_element(array, [&](int64_t k, std::byte* p) {
    const bool awkward = k < count / 2;
    if (is_float(dtype)) {
      const double drawn = std::uniform_real_distribution(op.domain.low, op.domain.high)(random);
      store_double(p, dtype, awkward ? floats[random() % std::size(floats)] : drawn);
    } else {
      store_integer(p, dtype,
                    awkward ? integers[random() % std::size(integers)] : static_cast<int64_t>(random() % 9) - 4);
    }
  });
  return array;
}

// out = code(operands), each converted as the row says.
loop::Kernel kernel_of(const Op& op, std::span<const DType> dtypes, DType result) {
  const Elementwise& row = op.elementwise;
  const DType compute = row.compute(dtypes);
  loop::Builder b("k");
  std::vector<int> inputs;
  for (const DType dtype : dtypes) inputs.push_back(b.buffer(dtype, false, "in"));
  const int out = b.buffer(result, true, "out", false);
  b.for_each(loop::LoopKind::vector, b.range_begin(), b.range_end(), [&](loop::Value index) {
    std::vector<loop::Value> x;
    for (size_t k = 0; k < inputs.size(); ++k) {
      x.push_back(loop::cast(b.load(inputs[k], index), k == 0 && row.first_kept ? row.first : compute));
    }
    b.store(out, index, row.code(b, x, {}));
  });
  return b.finish();
}

// The error that rounding to the dtype and the row's own bound allow. Float16 code works in float32 or rounds once.
double tolerance(const Op& op, DType dtype, double expected) {
  const int digits = dtype == DType::f64 ? 53 : dtype == DType::f32 ? 24 : 11;
  const int smallest = dtype == DType::f64 ? -1021 : dtype == DType::f32 ? -125 : -13;
  const int exponent = expected == 0 ? smallest : std::max(std::ilogb(expected) + 1, smallest);
  return (op.ulp > 0.5 || dtype == DType::f64 ? op.ulp + 0.51 : 0.0) * std::ldexp(1.0, exponent - digits);
}

bool agrees(const Op& op, const std::byte* got, const std::byte* expected, DType dtype) {
  if (!is_float(dtype)) return std::memcmp(got, expected, static_cast<size_t>(item_size(dtype))) == 0;
  const double a = element_as_double(got, dtype), b = element_as_double(expected, dtype);
  if (std::isnan(b)) return std::isnan(a);
  return a == b || (std::isfinite(b) && std::fabs(a - b) <= tolerance(op, dtype, b));
}

class ElementwiseCode : public testing::TestWithParam<const Op*> {};
INSTANTIATE_TEST_SUITE_P(All, ElementwiseCode, testing::ValuesIn(elementwise_rows()),
                         [](const auto& info) { return std::string(info.param->name); });

void check_code(const Op& op, const std::vector<DType>& dtypes) {
  std::vector<Type> types;
  for (const DType dtype : dtypes) types.push_back(tensor_type(dtype, 1));
  NodePtr node;
  try {
    node = node_of(std::string(op.name).c_str(), types);
  } catch (const TypeError&) {
    return;
  }
  const DType result = node->types[0].dtype;
  std::vector<Array> inputs, expected;
  std::vector<void*> buffers;
  for (size_t k = 0; k < dtypes.size(); ++k) {
    inputs.push_back(operand(op, dtypes[k], 400, static_cast<unsigned>(k)));
    buffers.push_back(inputs.back().data);
  }
  op.value(*node, inputs, expected);
  const Array got = new_array(result, {400});
  buffers.push_back(got.data);
  Frame frame;
  const loop::Kernel kernel = kernel_of(op, dtypes, result);
  loop::verify(kernel);
  loop::interpret(kernel, buffers.data(), nullptr, 0, 400, &frame);
  for (int64_t i = 0; i < 400; ++i) {
    const int64_t at = i * item_size(result);
    if (agrees(op, got.data + at, expected[0].data + at, result)) continue;
    std::string operands;
    for (const Array& x : inputs) {
      operands += fmt::format(" {}", element_as_double(x.data + i * item_size(x.dtype), x.dtype));
    }
    ADD_FAILURE() << op.name << " of" << operands << " (" << dtype_name(dtypes.back()) << ") gave "
                  << element_as_double(got.data + at, result) << ", not "
                  << element_as_double(expected[0].data + at, result);
    return;
  }
}

TEST_P(ElementwiseCode, AgreesWithTheReferenceInEveryDtype) {
  const Op& op = *GetParam();
  for (const DType dtype : real_dtypes) check_code(op, std::vector<DType>(static_cast<size_t>(op.min_inputs), dtype));
}

TEST_P(ElementwiseCode, AgreesWithTheReferenceOnMixedDtypes) {
  const Op& op = *GetParam();
  if (op.min_inputs == 1) return;
  for (const DType first : {DType::b1, DType::u8, DType::i64, DType::f32}) {
    for (const DType second : {DType::b1, DType::i16, DType::u64, DType::f16, DType::f64}) {
      std::vector<DType> dtypes(static_cast<size_t>(op.min_inputs), second);
      dtypes[0] = first;
      check_code(op, dtypes);
    }
  }
}

}  // namespace
}  // namespace croton
