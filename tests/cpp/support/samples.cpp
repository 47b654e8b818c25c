// The table of samples. Elementwise rows need none: theirs follow from the number of operands.
#include "support/samples.h"

#include <initializer_list>
#include <map>
#include <random>

#include "base/error.h"
#include "base/hash.h"
#include "ir/clone.h"
#include "ir/expr.h"
#include "ir/op.h"
#include "support/evaluate.h"
#include "support/linear_samples.h"

namespace croton::test {
namespace {

using Shape = std::vector<int64_t>;

SampleInput real(Shape shape, uint32_t ones = 0) { return {DType::f64, std::move(shape), {}, ones}; }
SampleInput complex(Shape shape, uint32_t ones = 0) { return {DType::c128, std::move(shape), {}, ones}; }
SampleInput scalar(int64_t value) { return {DType::i64, {}, {static_cast<double>(value)}, 0}; }
SampleInput truth(Shape shape, std::vector<double> values = {}) {
  return {DType::b1, std::move(shape), std::move(values), 0};
}
SampleInput index(Shape shape, std::vector<double> values) {
  return {DType::i64, std::move(shape), std::move(values), 0};
}
SampleInput whole(DType dtype, Shape shape, std::vector<double> values) {
  return {dtype, std::move(shape), std::move(values), 0};
}

// The state that the seed 5489 gives, and draws of float64 from it by a row with these arguments.
SampleInput random_state() {
  std::vector<double> words = {5489};
  for (uint32_t k = 1, word = 5489; k < 624; ++k) {
    word = 1812433253u * (word ^ (word >> 30)) + k;
    words.push_back(word);
  }
  words.insert(words.end(), {624, 0, 0, 0});
  return {.dtype = DType::u32, .shape = {628}, .values = std::move(words), .kind = Kind::random_state};
}

Sample plain(std::initializer_list<SampleInput> inputs, std::vector<int64_t> ints = {}) {
  return {.inputs = inputs, .ints = std::move(ints)};
}

std::vector<Sample> reductions(SampleInput (*input)(Shape)) {
  return {plain({input({4})}, {0}),       plain({input({3, 4})}, {0}),       plain({input({3, 4})}, {1}),
          plain({input({3, 4})}, {0, 1}), plain({input({2, 3, 4})}, {0, 2}), plain({input({1, 4})}, {0})};
}
SampleInput real_input(Shape shape) { return real(std::move(shape)); }
SampleInput truth_input(Shape shape) { return truth(std::move(shape)); }

// Sums and products are defined for nothing at all, extrema are not.
std::vector<Sample> with_empty(std::vector<Sample> samples) {
  samples.push_back(plain({real({0, 3})}, {0}));
  samples.push_back(plain({real({3, 0})}, {0}));
  samples.push_back(plain({real({0})}, {0}));
  return samples;
}

// The body (a * b + a, sum of b) of two vectors.
std::shared_ptr<const Graph> two_output_body() {
  UserBuilder builder;
  const Var a = new_input(tensor_type(DType::f64, 1), "a"), b = new_input(tensor_type(DType::f64, 1), "b");
  const Expr x = builder.wrap(a), y = builder.wrap(b);
  return std::make_shared<Graph>(Graph{{a, b}, {(x * y + x).var, sum(y * y, {0}).var}});
}

Sample with_body(std::initializer_list<SampleInput> inputs, std::shared_ptr<const Graph> body) {
  Sample sample = plain(inputs);
  sample.bodies.push_back(std::move(body));
  return sample;
}

Sample declared(Sample sample) {
  sample.declared_gradient = true;
  return sample;
}

std::vector<Sample> draws(std::vector<SampleInput> arguments, DType dtype = DType::f64) {
  std::vector<Sample> samples;
  for (const Shape& shape : {Shape{}, Shape{3}, Shape{2, 3}, Shape{0, 3}, Shape{40, 3}}) {
    Sample sample{.inputs = {random_state()}, .ints = {static_cast<int64_t>(dtype)}};
    sample.inputs.insert(sample.inputs.end(), arguments.begin(), arguments.end());
    for (const int64_t size : shape) sample.inputs.push_back(scalar(size));
    samples.push_back(std::move(sample));
  }
  return samples;
}

using Table = std::map<std::string_view, std::vector<Sample>>;

Table make_table() {
  Table t;
  t["sum"] = with_empty(reductions(real_input));
  t["prod"] = with_empty(reductions(real_input));
  for (const auto* name : {"max", "min", "argmax", "max_and_argmax"}) t[name] = reductions(real_input);
  for (const auto* name : {"any", "all"}) t[name] = reductions(truth_input);

  t["dot"] = {plain({real({4}), real({4})}),
              plain({real({3, 4}), real({4})}),
              plain({real({3}), real({3, 4})}),
              plain({real({3, 4}), real({4, 2})}),
              plain({real({0, 4}), real({4, 2})}),
              plain({real({3, 0}), real({0, 2})}),
              plain({real({1, 4}, 1), real({4, 1}, 2)})};
  t["dot"].push_back(plain({complex({4}), complex({4})}));
  t["dot"].push_back(plain({complex({3, 4}), complex({4, 2})}));
  t["dot"].push_back(plain({real({3, 4}), complex({4})}));
  t["dot"].push_back(plain({complex({3}), real({3, 4})}));
  for (const auto* name : {"sum", "prod"}) t[name].push_back(plain({complex({2, 3})}, {1}));
  t["batched_dot"] = {plain({real({5, 3, 4}), real({5, 4, 2})}), plain({real({1, 3, 1}), real({1, 1, 2})}),
                      plain({real({2, 3, 0}), real({2, 0, 2})})};
  t["gemm"] = {plain({real({3, 2}), real({}), real({3, 4}), real({4, 2}), real({})})};

  t["dimshuffle"] = {plain({real({3, 4})}, {1, 0}), plain({real({3})}, {-1, 0}),
                     plain({real({3})}, {0, -1}),   plain({real({})}, {-1, -1}),
                     plain({real({3, 1}, 2)}, {0}), plain({real({2, 3, 4})}, {2, -1, 0, 1})};
  t["reshape"] = {plain({real({3, 4}), scalar(12)}), plain({real({12}), scalar(3), scalar(4)}),
                  plain({real({2, 6}), scalar(-1), scalar(4)}), plain({real({1}, 1)}),
                  plain({real({0, 4}), scalar(4), scalar(0)})};
  t["alloc"] = {plain({real({}), scalar(3)}), plain({real({4}), scalar(3), scalar(4)}),
                plain({real({1, 4}, 1), scalar(3), scalar(4)}), plain({real({}), scalar(0)})};
  t["arange"] = {plain({scalar(0), scalar(5), scalar(1)}, {static_cast<int64_t>(DType::i64)}),
                 plain({scalar(7), scalar(-2), scalar(-3)}, {static_cast<int64_t>(DType::i64)}),
                 plain({scalar(3), scalar(3), scalar(1)}, {static_cast<int64_t>(DType::i64)})};
  t["reshape"].push_back(plain({real({2, 3, 4}), scalar(2), scalar(-1)}));
  t["reshape"].push_back(plain({real({2, 1, 3}, 2), scalar(3), scalar(2)}));
  t["reshape"].push_back(plain({real({2, 6, 5}), scalar(2), scalar(3), scalar(2), scalar(5)}));
  t["reshape"].push_back(plain({real({}), scalar(1), scalar(1)}));
  t["alloc"].push_back(plain({real({3, 1}, 2), scalar(2), scalar(3), scalar(4)}));
  t["shape"] = {plain({real({3, 4})}), plain({real({0})}), plain({real({})})};
  t["shape_i"] = {plain({real({3, 4})}, {1}), plain({real({0, 4})}, {0})};
  t["make_vector"] = {plain({real({}), real({})}), plain({scalar(2), scalar(5), scalar(3)})};
  t["join"] = {plain({real({2}), real({3})}, {0}),
               plain({real({2, 3}), real({2, 1}), real({2, 2})}, {1}),
               plain({real({0, 3}), real({2, 3})}, {0}),
               plain({real({2, 3})}, {0}),
               plain({real({1, 3}, 1), real({1, 3}, 1), real({2, 3})}, {0}),
               plain({real({2, 2, 3}), real({2, 1, 3})}, {1})};

  t["dimshuffle"].push_back(plain({complex({3, 4})}, {1, -1, 0}));
  t["reshape"].push_back(plain({complex({2, 6}), scalar(3), scalar(4)}));
  t["alloc"].push_back(plain({complex({1, 2}, 1), scalar(3), scalar(2)}));
  t["join"].push_back(plain({complex({2}), real({3})}, {0}));

  // Entries: -1 a scalar index; else the slice parts that are given: 1 start, 2 stop, 4 step.
  t["subtensor"] = {plain({real({5}), scalar(2)}, {-1}),
                    plain({real({5}), scalar(-1)}, {-1}),
                    plain({real({5}), scalar(1), scalar(4)}, {3}),
                    plain({real({5}), scalar(-2)}, {2}),
                    plain({real({7}), scalar(6), scalar(0), scalar(-2)}, {7}),
                    plain({real({5}), scalar(-1)}, {4}),
                    plain({real({5}), scalar(9)}, {1}),
                    plain({real({4, 5}), scalar(1), scalar(2)}, {-1, 1}),
                    plain({real({4, 5}), scalar(3), scalar(2)}, {0, 3}),
                    plain({real({4, 5}), scalar(1)}, {-1})};
  for (Sample& sample : std::vector<Sample>{
           plain({real({7}), scalar(1), scalar(2)}, {5}), plain({real({5}), scalar(4), scalar(-9), scalar(-1)}, {7}),
           plain({real({5}), scalar(-20), scalar(20)}, {3}), plain({real({5}), scalar(3), scalar(1)}, {3}),
           plain({real({0, 2}), scalar(-1)}, {4}), plain({real({1, 4}, 1), scalar(2)}, {0, 1}),
           plain({real({3, 4, 5}), scalar(-1), scalar(1), scalar(-2)}, {0, -1, 5}),
           plain({real({3, 4, 5}), scalar(0), scalar(-1), scalar(2)}, {-1, 4, -1})}) {
    t["subtensor"].push_back(std::move(sample));
  }
  t["set_subtensor"] = {plain({real({5}), real({}), scalar(2)}, {-1}),
                        plain({real({5}), real({3}), scalar(1), scalar(4)}, {3}),
                        plain({real({4, 5}), real({5}), scalar(1)}, {-1}),
                        plain({real({4, 5}), real({4, 2}), scalar(3), scalar(-2)}, {0, 5}),
                        plain({real({4, 5}), real({4, 1}, 2), scalar(1), scalar(4)}, {0, 3})};
  t["set_subtensor"].push_back(plain({real({7}), real({1}, 1), scalar(5), scalar(0), scalar(-2)}, {7}));
  t["set_subtensor"].push_back(plain({real({3, 4, 2}), real({3, 2}), scalar(-1)}, {0, -1}));
  t["set_subtensor"].push_back(plain({complex({5}), complex({3}), scalar(1), scalar(4)}, {3}));
  t["set_subtensor"].push_back(plain({complex({5}), real({3}), scalar(1), scalar(4)}, {3}));
  t["subtensor"].push_back(plain({complex({4, 5}), scalar(1), scalar(2)}, {-1, 1}));
  t["inc_subtensor"] = t["set_subtensor"];
  // Flags: an index array indexes this axis, or it is whole.
  t["advanced_subtensor"] = {plain({real({5}), index({4}, {0, 2, 2, -1})}, {1}),
                             plain({real({5, 3}), index({4}, {0, 2, 2, -1})}, {1, 0}),
                             plain({real({3, 5}), index({2}, {4, 0})}, {0, 1}),
                             plain({real({4, 5}), index({3}, {0, 1, 3}), index({3}, {4, 0, 4})}, {1, 1}),
                             plain({real({5, 2}), index({2, 2}, {0, 4, 1, 1})}, {1, 0}),
                             plain({real({5}), index({0}, {})}, {1})};
  t["advanced_set_subtensor"] = {
      plain({real({5}), real({3}), index({3}, {0, 2, -1})}, {1}),
      plain({real({5, 3}), real({2, 3}), index({2}, {4, 1})}, {1, 0}),
      plain({real({4, 5}), real({3}), index({3}, {0, 1, 3}), index({3}, {4, 0, 4})}, {1, 1})};
  t["advanced_inc_subtensor"] = {
      plain({real({5}), real({3}), index({3}, {0, 2, 2})}, {1}),
      plain({real({5, 3}), real({2, 3}), index({2}, {4, 4})}, {1, 0}),
      plain({real({4, 5}), real({3}), index({3}, {0, 1, 0}), index({3}, {4, 0, 4})}, {1, 1})};

  // Indexed axes that are not neighbours, arrays that broadcast, and axes before the indexed ones.
  const auto apart = [](std::initializer_list<SampleInput> first) {
    std::vector<SampleInput> inputs = first;
    inputs.insert(inputs.end(), {index({2}, {0, 1}), index({2}, {3, -2})});
    return Sample{.inputs = std::move(inputs), .ints = {1, 0, 1}};
  };
  const auto crossed = [](std::initializer_list<SampleInput> first) {
    std::vector<SampleInput> inputs = first;
    inputs.insert(inputs.end(),
                  {SampleInput{DType::i64, {2, 1}, {2, 0}, 2}, SampleInput{DType::i32, {1, 3}, {0, 3, 1}, 1}});
    return Sample{.inputs = std::move(inputs), .ints = {0, 1, 1}};
  };
  t["advanced_subtensor"].push_back(apart({real({2, 3, 4})}));
  t["advanced_subtensor"].push_back(crossed({real({2, 3, 4})}));
  for (const auto* name : {"advanced_set_subtensor", "advanced_inc_subtensor"}) {
    t[name].push_back(apart({real({2, 3, 4}), real({2, 3})}));
    t[name].push_back(crossed({real({2, 3, 4}), real({2, 2, 3})}));
    t[name].push_back(crossed({real({2, 3, 4}), real({1, 2, 1}, 5)}));
  }

  t["advanced_subtensor"].push_back(plain({complex({5, 2}), index({4}, {0, 2, 2, -1})}, {1, 0}));
  t["advanced_inc_subtensor"].push_back(plain({complex({5}), complex({3}), index({3}, {0, 2, 2})}, {1}));

  t["nonzero"] = {plain({truth({3, 4})}), plain({real({5})}), plain({whole(DType::i32, {2, 2}, {0, 3, 0, -1})})};
  for (const auto* name : {"sort", "argsort", "cumsum", "cumprod"}) {
    t[name] = {plain({real({5})}, {0}),    plain({real({3, 4})}, {0}), plain({real({2, 3, 4})}, {1}),
               plain({real({0, 3})}, {1}), plain({real({3, 0})}, {1}), plain({real({3, 1}, 2)}, {1})};
  }

  add_linear_samples(t);

  t["softmax"] = {plain({real({3, 4})}), plain({real({1, 4})}), plain({real({3, 1})})};
  t["logsoftmax"] = t["softmax"];
  t["softmax_grad"] = {plain({real({3, 4}), real({3, 4})})};

  t["specify_shape"] = {plain({real({3, 4}), scalar(3), scalar(4)})};
  t["rebroadcast"] = {plain({real({1, 4})}, {1}), plain({real({1, 4}, 1)}, {0})};
  t["view"] = {plain({real({3})}), plain({real({})})};
  t["disconnected_grad"] = {declared(plain({real({3})}))};
  t["zero_grad"] = {declared(plain({real({3})}))};
  t["ifelse"] = {plain({truth({}, {1}), real({3}), real({3})}, {1}),
                 plain({truth({}, {0}), real({3}), real({2, 2}), real({3}), real({2, 2})}, {2})};
  t["op_from_graph"] = {with_body({real({3}), real({3})}, two_output_body())};

  const SampleInput half = whole(DType::f64, {}, {0.5}), two = whole(DType::f64, {}, {2});
  const SampleInput weights = whole(DType::f64, {3}, {0.25, 0.25, 0.5});
  t["random_uniform"] = draws({half, two});
  t["random_normal"] = draws({half, two}, DType::f32);
  t["random_binomial"] = draws({scalar(9), half}, DType::i64);
  t["random_poisson"] = draws({two}, DType::i64);
  t["random_integers"] = draws({scalar(-2), scalar(7)}, DType::i64);
  t["random_choice"] = draws({scalar(3), truth({}, {1}), weights}, DType::i64);
  for (Sample& sample : t["random_choice"]) sample.inputs[2].dtype = DType::i8;
  t["random_permutation"] = draws({scalar(5)}, DType::i64);
  t["random_multinomial"] = draws({scalar(4), weights}, DType::i64);
  t["random_choice"][0].inputs[3].values = t["random_multinomial"][0].inputs[2].values = {0, 0, 1};  // in every dtype
  const SampleInput streams =
      whole(DType::i32, {3, 6}, {1, 2, 3, 4, 5, 6, 12345, 12345, 12345, 12345, 12345, 12345, 9, 8, 7, 6, 5, 4});
  for (const DType dtype : {DType::f16, DType::f32, DType::f64}) {
    t["mrg_uniform"].push_back(plain({streams, scalar(2), scalar(4)}, {static_cast<int64_t>(dtype)}));
    t["mrg_uniform"].push_back(plain({streams, scalar(0)}, {static_cast<int64_t>(dtype)}));
    t["mrg_uniform"].push_back(plain({streams}, {static_cast<int64_t>(dtype)}));
  }
  const SampleInput lines = whole(DType::f64, {2, 3}, {0.25, 0.25, 0.5, 0, 0.5, 0.5});
  const SampleInput uniforms = whole(DType::f64, {4}, {0.1, 0.3, 0.7, 0.9});
  for (const auto* name : {"multinomial_from_uniform", "choice_from_uniform"})
    t[name] = {declared(plain({lines, uniforms, scalar(2)}, {static_cast<int64_t>(DType::i64)}))};
  t["undefined_grad"] = {plain({real({3})})};

  const auto to = [](DType dtype) { return std::vector<int64_t>{static_cast<int64_t>(dtype)}; };
  t["cast"] = {plain({real({4})}, to(DType::f32)),
               plain({real({4})}, to(DType::f64)),
               plain({whole(DType::i32, {3}, {-1, 0, 300})}, to(DType::i8)),
               plain({truth({3})}, to(DType::f64)),
               plain({real({3})}, to(DType::c128)),
               plain({complex({3})}, to(DType::c64))};
  t["switch"] = {plain({truth({5}), real({5}), real({5})}),
                 plain({{DType::b1, {1, 4}, {}, 1}, real({3, 4}), real({3, 1}, 2)}),
                 plain({truth({5}), complex({5}), real({5})})};
  // Bounds in order; with low > high no gradient is right.
  t["clip"] = {plain({real({6}), whole(DType::f64, {}, {-1}), whole(DType::f64, {}, {1})}),
               plain({real({2, 3}), whole(DType::f64, {2, 3}, {-2, -1, 0, -1, -1, -1}), whole(DType::f64, {}, {2})})};
  return t;
}

const Table& table() {
  static const Table instance = make_table();
  return instance;
}

bool takes(const Op& op, DType dtype) {
  if (!op.elementwise.compute) return false;
  const std::vector<DType> dtypes(static_cast<size_t>(op.min_inputs), dtype);
  try {
    op.elementwise.compute(dtypes);
    return true;
  } catch (const TypeError&) {
    return false;
  }
}

// One shape for all operands, and operands that broadcast in every way.
std::vector<Sample> elementwise_samples(const Op& op) {
  const auto arity = static_cast<size_t>(op.min_inputs);
  const DType dtype = takes(op, DType::f64) ? DType::f64 : DType::b1;
  const auto all = [&](const Shape& shape) {
    return Sample{.inputs = std::vector<SampleInput>(arity, SampleInput{dtype, shape, {}, 0})};
  };
  std::vector<Sample> samples = {all({6}), all({}), all({0}), all({1}), all({2, 3}), all({3, 0})};
  for (size_t k = 0; k < arity && arity > 1; ++k) {
    Sample sample = all({2, 3});
    sample.inputs[k] = {dtype, {}, {}, 0};
    samples.push_back(sample);
    sample.inputs[k] = {dtype, {1, 3}, {}, 1};
    samples.push_back(sample);
    sample.inputs[(k + 1) % arity] = {dtype, {2, 1}, {}, 2};
    samples.push_back(sample);
  }
  if (op.elementwise.value_complex == nullptr || !takes(op, DType::c128)) return samples;
  samples.push_back({.inputs = std::vector<SampleInput>(arity, SampleInput{DType::c128, {5}, {}, 0})});
  for (size_t k = 0; k < arity && arity > 1; ++k) {  // beside real operands, stretched
    samples.push_back(all({2, 3}));
    samples.back().inputs[k] = {DType::c128, {2, 1}, {}, 2};
  }
  return samples;
}

Array drawn(const Op& op, const SampleInput& input, std::mt19937& random) {
  Array array = new_array(input.dtype, input.shape);
  if (!input.values.empty()) return array_from(input.dtype, input.shape, input.values);
  const double low = op.domain.low, high = op.domain.high;
  for_each_element(array, [&](int64_t, std::byte* p) {
    const double unit = static_cast<double>(random()) / 0x1p32;  // the same on every platform
    if (is_discrete(input.dtype)) return store_double(p, input.dtype, unit < 0.5);
    const double real = low + (high - low) * unit;
    const double imag = is_complex(input.dtype) ? low + (high - low) * (static_cast<double>(random()) / 0x1p32) : 0;
    store_complex(p, input.dtype, {real, imag});
  });
  return array;
}

}  // namespace

std::vector<Sample> samples_of(const Op& op) {
  const auto found = table().find(op.name);
  if (found != table().end()) return found->second;
  return op.is_elementwise() ? elementwise_samples(op) : std::vector<Sample>();
}

std::string_view no_sample_reason(const Op& op) {
  if (op.has(leaf)) return "a leaf has no inputs";
  if (op.name.starts_with("host_")) return "its meaning is the user's; it has tests of its own";
  if (op.name == "scan") return "its body is a program; tests/python/test_scan.py runs it against loops in Python";
  return {};
}

Case make_case(const Op& op, const Sample& sample, unsigned seed) {
  std::mt19937 random(static_cast<unsigned>(hash_text(op.name, seed)));
  UserBuilder builder;
  Case made;
  std::vector<Expr> x;
  for (const SampleInput& input : sample.inputs) {
    Type type = tensor_type(input.dtype, static_cast<int>(input.shape.size()));
    type.kind = input.kind;
    type.ones = input.ones;
    made.inputs.push_back(new_input(type));
    made.values.push_back(drawn(op, input, random));
    x.push_back(builder.wrap(made.inputs.back()));
  }
  Attributes attributes;
  attributes.ints = sample.ints;
  for (const Expr& y : builder.apply_all(op, x, attributes, sample.bodies)) made.outputs.push_back(y.var);
  return made;
}

}  // namespace croton::test
