// Rows that draw from streams of MRG31k3p, and rows that choose by uniform numbers.
#include "ops/random_streams.h"

#include <algorithm>
#include <numeric>

#include "base/error.h"
#include "base/text.h"
#include "base/thread_pool.h"
#include "ops/random_lanes.h"
#include "ops/random_rows.h"
#include "ops/support.h"

namespace croton {
namespace {

// ---------------------------------------------------------------------------------------------------------- streams

constexpr int64_t modulus1 = 2147483647, modulus2 = 2147462579;
using Jump = int64_t[3][3];
// Powers of the two recurrences' matrices.
constexpr Jump first_72 = {
    {1516919229, 758510237, 499121365}, {1884998244, 1516919229, 335398200}, {601897748, 1884998244, 358115744}};
constexpr Jump second_72 = {
    {1228857673, 1496414766, 954677935}, {1133297478, 1407477216, 1496414766}, {2002613992, 1639496704, 1407477216}};
constexpr Jump first_134 = {
    {1702500920, 1849582496, 1656874625}, {828554832, 1702500920, 1512419905}, {1143731069, 828554832, 102237247}};
constexpr Jump second_134 = {
    {796789021, 1464208080, 607337906}, {1241679051, 1431130166, 1464208080}, {1401213391, 1178684362, 1431130166}};

void jump(const Jump& matrix, int64_t modulus, const int32_t* from, int32_t* to) {
  for (int row = 0; row < 3; ++row) {
    int64_t sum = 0;
    for (int k = 0; k < 3; ++k) sum += matrix[row][k] * from[k] % modulus;
    to[row] = static_cast<int32_t>(sum % modulus);
  }
}

}  // namespace

StreamState next_family(const StreamState& state) {
  StreamState next;
  jump(first_134, modulus1, state.data(), next.data());
  jump(second_134, modulus2, state.data() + 3, next.data() + 3);
  return next;
}

std::vector<int32_t> stream_states(const StreamState& state, int64_t count) {
  std::vector<int32_t> states(static_cast<size_t>(6 * count));
  std::copy(state.begin(), state.end(), states.begin());
  for (int64_t k = 1; k < count; ++k) {
    int32_t* const to = states.data() + 6 * k;
    jump(first_72, modulus1, to - 6, to);
    jump(second_72, modulus2, to - 3, to + 3);
  }
  return states;
}

namespace {

// ------------------------------------------------------------------------------------------------------ mrg_uniform

std::vector<Type> uniform_type(const TypeQuery& q) {
  const Type& state = tensor_input(q, 0);
  if (state.dtype != DType::i32 || state.rank != 2)
    raise<TypeError>("{}: the states of streams are an int32 matrix, not {}", q.op.name, type_name(state));
  const Type samples = sized_type(q, 1);
  if (!is_float(samples.dtype)) raise<TypeError>("{} draws floats, not {}", q.op.name, dtype_name(samples.dtype));
  return {state, samples};
}

Sizes uniform_sizes(SizeQuery& q) { return {sizes_of_input(q, 0), given_sizes(q, 1)}; }

// Sample k comes from stream k modulo the number of streams. Each stream is advanced by one thread.
template <class T>
void draw(const Array& before, const Array& after, T* samples, int64_t count) {
  constexpr int64_t samples_per_chunk = 1 << 15, lanes = 16;
  const int64_t streams = before.shape[0], steps = count / streams, last = count % streams;
  const int64_t wanted = samples_per_chunk / (steps + 1);
  const int64_t grain = std::max(lanes, wanted / lanes * lanes);
  default_pool().for_each_chunk(streams, grain, [&](int64_t begin, int64_t end) {
    const StreamPiece piece{.before = before.as<int32_t>() + 6 * begin,
                            .after = after.as<int32_t>() + 6 * begin,
                            .streams = end - begin,
                            .steps = steps,
                            .last = std::clamp<int64_t>(last - begin, 0, end - begin),
                            .stride = streams};
    advance_streams(piece, samples + begin);
  });
}

// float16 holds 15 bits of each sample, in (0, 1].
void draw_halves(const Array& before, const Array& after, uint16_t* samples, int64_t count) {
  const double norm = half_to_double(half_from_double(3.0458e-05));
  std::vector<uint32_t> whole(static_cast<size_t>(count));
  draw(before, after, whole.data(), count);
  for (int64_t k = 0; k < count; ++k)
    samples[k] = half_from_double(((whole[static_cast<size_t>(k)] & 0x7fff) + 1) * norm);
}

void uniform_value(const Node& node, std::span<const Array> inputs, std::vector<Array>& outputs) {
  const Array before = contiguous(inputs[0]);
  if (before.shape[1] != 6 || before.shape[0] == 0)
    raise<ValueError>("the states of streams have shape {}, not (n, 6)", tuple_text(before.shape));
  const std::vector<int64_t> shape = given_shape(inputs.subspan(1));
  const Array after = result_array(outputs, 0, DType::i32, before.shape);
  const Array samples = result_array(outputs, 1, node.types[1].dtype, shape);
  if (samples.size() > modulus1) raise<ValueError>("rng_mrg does not support more then (2**31 -1) samples");
  if (samples.dtype == DType::f32) draw(before, after, samples.as<float>(), samples.size());
  if (samples.dtype == DType::f64) draw(before, after, samples.as<double>(), samples.size());
  if (samples.dtype == DType::f16) draw_halves(before, after, samples.as<uint16_t>(), samples.size());
  outputs.assign({after, samples});
}

// ---------------------------------------------------------------------------------------------- choices by uniforms

// Inputs: a matrix of probabilities, a line for each distribution, a vector of uniform numbers, and their number per
// line.
std::vector<Type> choice_type(const TypeQuery& q) {
  const Type &p = tensor_input(q, 0), &uniforms = tensor_input(q, 1);
  if (p.rank != 2) raise<NotImplementedError>("pvals ndim should be 2, not {}", p.rank);
  if (uniforms.rank != 1) raise<NotImplementedError>("unis ndim should be 1, not {}", uniforms.rank);
  require_integer_scalar(q, 2, "n");
  const std::vector<int64_t>& ints = q.attributes.ints;
  if (ints.size() != 1 || ints[0] < 0 || ints[0] >= dtype_count || is_complex(static_cast<DType>(ints[0])))
    raise<TypeError>("{} needs a real dtype for its result", q.op.name);
  if (!is_float(p.dtype) || !is_float(uniforms.dtype))
    raise<TypeError>("{} takes probabilities and uniform numbers of float dtypes", q.op.name);
  Type result = p;
  result.dtype = static_cast<DType>(ints[0]);
  return {result};
}

Sizes multinomial_sizes(SizeQuery& q) {
  q.require_equal(q.dim(1, 0), q.table().mul(q.dim(0, 0), q.scalar(2)),
                  "unis.shape[0] ({0}) != pvals.shape[0] * n ({1})");
  return {sizes_of_input(q, 0)};
}

Sizes choice_sizes(SizeQuery& q) {
  const SizeId n = q.scalar(2);
  q.require_not_negative(n, "negative number of samples ({0})");
  q.require_equal(q.dim(1, 0), q.table().mul(q.dim(0, 0), n), "unis.shape[0] ({0}) != pvals.shape[0] * n ({1})");
  return {{q.dim(0, 0), n}};
}

/// The numbers of a call: probabilities and uniform numbers as float64, and how many numbers each line has.
struct Choices {
  explicit Choices(std::span<const Array> inputs)
      : p(converted(inputs[0], DType::f64)), uniforms(converted(inputs[1], DType::f64)), n(integer_value(inputs[2])) {
    if (uniforms.shape[0] != p.shape[0] * n)
      raise<ValueError>("unis.shape[0] ({}) != pvals.shape[0] * n ({})", uniforms.shape[0], p.shape[0] * n);
  }
  int64_t lines() const { return p.shape[0]; }
  int64_t outcomes() const { return p.shape[1]; }
  double uniform(int64_t number, int64_t line) const { return uniforms.as<double>()[number * lines() + line]; }

  Array p, uniforms;
  int64_t n;
};

// The first outcome up to which the probabilities add up to more than x; -1: they never do.
int64_t outcome_of(const double* p, int64_t count, double x, double& sum) {
  sum = 0;
  for (int64_t k = 0; k < count; ++k) {
    sum += p[k];
    if (sum > x) return k;
  }
  return -1;
}

void multinomial_value(const Node& node, std::span<const Array> inputs, std::vector<Array>& outputs) {
  const Choices c(inputs);
  const Array counts = zeros(DType::i64, c.p.shape);
  default_pool().for_each_chunk(
      c.lines(), std::max<int64_t>(1, (1 << 14) / (c.outcomes() + 1)), [&](int64_t begin, int64_t end) {
        for (int64_t line = begin; line < end; ++line) {
          const int64_t first = line * c.outcomes();
          for (int64_t number = 0; number < c.n; ++number) {
            double sum = 0;
            const int64_t k = outcome_of(c.p.as<double>() + first, c.outcomes(), c.uniform(number, line), sum);
            if (k >= 0) ++counts.as<int64_t>()[first + k];
          }
        }
      });
  const Array result = result_array(outputs, 0, node.types[0].dtype, counts.shape);
  copy_into(result, converted(counts, result.dtype));
  outputs.assign(1, result);
}

// Numbers of the probabilities' own dtype, to which their sums are rounded.
double rounded(double x, DType dtype) {
  if (dtype == DType::f32) return static_cast<float>(x);
  return dtype == DType::f16 ? half_to_double(half_from_double(x)) : x;
}

// An outcome that was chosen gets probability zero, and the others are divided by what is left.
void take_out(double* p, int64_t count, int64_t chosen, double sum, DType dtype) {
  double left = rounded(sum - p[chosen], dtype);
  p[chosen] = 0;
  for (int64_t k = chosen; k < count; ++k) left = rounded(left + p[k], dtype);
  for (int64_t k = 0; k < count; ++k) p[k] = rounded(p[k] / left, dtype);
}

void choice_value(const Node& node, std::span<const Array> inputs, std::vector<Array>& outputs) {
  const Choices c(inputs);
  if (c.n > c.outcomes())
    raise<ValueError>("Cannot sample without replacement n samples bigger than the size of the distribution.");
  const Array places = new_array(DType::i64, {c.lines(), c.n});
  std::vector<double> p(static_cast<size_t>(c.outcomes()));
  for (int64_t line = 0; line < c.lines(); ++line) {
    const double* const from = c.p.as<double>() + line * c.outcomes();
    std::copy(from, from + c.outcomes(), p.begin());
    for (int64_t number = 0; number < c.n; ++number) {
      double sum = 0;
      const int64_t k = outcome_of(p.data(), c.outcomes(), c.uniform(number, line), sum);
      places.as<int64_t>()[line * c.n + number] = k;
      if (k >= 0 && number + 1 < c.n) take_out(p.data(), c.outcomes(), k, sum, inputs[0].dtype);
    }
  }
  const Array result = result_array(outputs, 0, node.types[0].dtype, places.shape);
  copy_into(result, converted(places, result.dtype));
  outputs.assign(1, result);
}

std::vector<Expr> zero_vjp(const Vjp& v) { return std::vector<Expr>(v.x.size()); }

Op by_uniforms(Op op) {
  op.min_inputs = op.max_inputs = 3;
  op.traits = expensive | may_fail;
  op.attributes_doc = "the dtype of the result";
  op.type = choice_type;
  op.vjp = zero_vjp;
  op.jvp = no_jvp;
  op.no_batch = "the uniform numbers of all lines lie behind one another";
  op.no_axes = op.no_batch;
  return op;
}

}  // namespace

std::vector<Op> stream_rows() {
  return {
      {.name = "mrg_uniform",
       .min_inputs = 1,
       .max_inputs = -1,
       .doc = "The states of streams of MRG31k3p after the draws, and uniform numbers. Inputs: the states, sizes.",
       .traits = random | expensive | may_fail,
       .attributes_doc = "the dtype of the draws",
       .theano_name = "mrg_uniform",
       .type = uniform_type,
       .sizes = uniform_sizes,
       .value = uniform_value,
       .no_gradient = "no gradient is defined through draws of random numbers",
       .no_batch = "every draw needs the state after the one before",
       .no_axes = "every draw needs the state after the one before"},
      by_uniforms({.name = "multinomial_from_uniform",
                   .doc = "How often each outcome comes, by n uniform numbers for each distribution. Inputs: "
                          "probabilities, uniform numbers, n.",
                   .theano_name = "MultinomialFromUniform",
                   .sizes = multinomial_sizes,
                   .value = multinomial_value}),
      by_uniforms({.name = "choice_from_uniform",
                   .doc = "n outcomes, each another one, by n uniform numbers for each distribution. Inputs: "
                          "probabilities, uniform numbers, n.",
                   .theano_name = "ChoiceFromUniform",
                   .sizes = choice_sizes,
                   .value = choice_value}),
  };
}

}  // namespace croton
