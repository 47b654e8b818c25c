// Trigonometric functions as loop code. Float32 ones work in float64, where the reduction of the argument is simple.
#include <cmath>

#include "ops/scalar_math.h"
#include "ops/scalar_math_parts.h"

namespace croton::scalar_math {

using loop::abs;
using loop::cast;
using loop::copysign;
using loop::fma;
using loop::like;
using loop::select;

namespace {

// x = n pi/2 + r + r_low with |r| <= pi/4. `quarter` has n in its last two bits.
struct ReducedAngle {
  Value r, r_low, quarter;
};

// Beyond this the reduction would need more bits of pi than its three parts have.
constexpr double reducible = 0x1p50;

// `fast` where the argument can be reduced; elsewhere the C library's function, which hardly any vector needs.
Value exact_beyond(const char* function, Value x, Value fast) {
  const Value huge = abs(x) > reducible;
  return select(huge, x.builder->call(function, select(huge, x, like(x, 0))), fast);
}

// pi/2 in three parts of 53 bits. The first difference is exact in one fma; of the second, both the product and the sum
// keep what their roundings lost, since the two may cancel.
ReducedAngle reduce_angle(Value x) {
  const double first = 0x1.921fb54442d18p+0, second = 0x1.1a62633145c07p-54, third = -0x1.f1976b7ed8fbcp-110;
  const Value shifted = fma(x, like(x, 0x1.45f306dc9c883p-1), 0x1.8p52), n = shifted - 0x1.8p52;
  const Value once = fma(n, like(x, -first), x);
  const Value product = n * -second, product_low = fma(n, like(x, -second), -product);
  const Value r = once + product, shift = r - once, r_low = (once - (r - shift)) + (product - shift);
  const Value low = fma(n, like(x, -third), r_low + product_low);
  return {r, low, loop::bitcast(shifted, DType::i64)};
}

/// Sine and cosine of the reduced angle, each as a value and what its rounding left.
struct SineCosine {
  Value sine, sine_low, cosine, cosine_low;
};

// r + r^3 s(r^2) and 1 - r^2/2 + r^4 c(r^2): relative errors below 2^-36 for float32, 2^-67 for float64. The fits reach
// somewhat beyond pi/4, since n is not always the nearest integer for large arguments.
SineCosine sine_cosine(const ReducedAngle& angle, bool wide) {
  const auto& [r, r_low, quarter] = angle;
  const Value z = r * r, half = z * 0.5, one = like(r, 1);
  const Value s =
      wide
          ? polynomial(z, {-0x1.5555555555555p-3, 0x1.1111111111102p-7, -0x1.a01a01a017286p-13, 0x1.71de3a515e64fp-19,
                           -0x1.ae645052babfbp-26, 0x1.611f364addb83p-33, -0x1.aa02b3162d9b0p-41})
          : polynomial(z, {-0x1.55555545703b6p-3, 0x1.111103a3178b4p-7, -0x1.a00be4b82a2ddp-13, 0x1.6c04224648851p-19});
  const Value c =
      wide ? polynomial(z, {0x1.5555555555555p-5, -0x1.6c16c16c16c04p-10, 0x1.a01a01a0175f9p-16, -0x1.27e4fb7484fa4p-22,
                            0x1.1eed8b1e29b72p-29, -0x1.9391a0c99fd6fp-37, 0x1.aa1bb1a7d09edp-45})
           : polynomial(z,
                        {0x1.555555492f5c9p-5, -0x1.6c16b29e5c709p-10, 0x1.a00d86984cecep-16, -0x1.237c296d63c09p-22});
  const Value sine_tail = wide ? fma(r * z, s, fma(-half, r_low, r_low)) : r * z * s;
  const Value sine = r + sine_tail;
  if (!wide) return {sine, {}, fma(c, z * z, one - half), {}};
  const Value lead = 1.0 - half, cosine_tail = ((1.0 - lead) - half) + fma(z * z, c, -r * r_low);
  const Value cosine = lead + cosine_tail;
  return {sine, (r - sine) + sine_tail, cosine, (lead - cosine) + cosine_tail};
}

Value bit_of(Value quarter, int bit) {
  loop::Builder& b = *quarter.builder;
  return (quarter & b.integer(int64_t{1} << bit, DType::i64)) != b.integer(0, DType::i64);
}

// Runs a function of float64 values, with its full precision for float64 and less for smaller floats.
template <class Function, class... Values>
Value in_double(Function&& function, Value first, Values... rest) {
  if (is_double(first)) return function(first, rest..., true);
  return cast(function(cast(first, DType::f64), cast(rest, DType::f64)..., false), first.dtype());
}

Value sin_wide(Value x, bool wide) {
  const ReducedAngle angle = reduce_angle(x);
  const SineCosine both = sine_cosine(angle, wide);
  const Value magnitude = select(bit_of(angle.quarter, 0), both.cosine, both.sine);
  return exact_beyond("sin", x, select(x == 0.0, x, select(bit_of(angle.quarter, 1), -magnitude, magnitude)));
}

Value cos_wide(Value x, bool wide) {
  const ReducedAngle angle = reduce_angle(x);
  const SineCosine both = sine_cosine(angle, wide);
  const Value odd = bit_of(angle.quarter, 0), magnitude = select(odd, both.sine, both.cosine);
  return exact_beyond("cos", x, select(odd ^ bit_of(angle.quarter, 1), -magnitude, magnitude));
}

// The quotient of sine and cosine, or the negative of its inverse, corrected by what the roundings left.
Value tan_wide(Value x, bool wide) {
  const ReducedAngle angle = reduce_angle(x);
  const SineCosine both = sine_cosine(angle, wide);
  const Value odd = bit_of(angle.quarter, 0);
  const Value above = select(odd, -both.cosine, both.sine), below = select(odd, both.sine, both.cosine);
  if (!wide) return exact_beyond("tan", x, select(x == 0.0, x, above / below));
  const Value above_low = select(odd, -both.cosine_low, both.sine_low);
  const Value below_low = select(odd, both.sine_low, both.cosine_low);
  const Value inverse = 1.0 / below, quotient = above * inverse;
  const Value remainder = fma(-quotient, below, above) + fma(-quotient, below_low, above_low);
  return exact_beyond("tan", x, select(x == 0.0, x, fma(remainder, inverse, quotient)));
}

// t^3 p(t^2) = arctan(t) - t for |t| <= 1/2, relative error 2^-32 and 2^-62.
Value arctan_tail(Value t, bool wide) {
  const Value z = t * t;
  const Value p =
      wide ? polynomial(z, {-0x1.5555555555552p-2, 0x1.999999999900fp-3, -0x1.249249244f9f8p-3, 0x1.c71c71a9b829fp-4,
                            -0x1.745d1370b62e9p-4, 0x1.3b135eba2d1b7p-4, -0x1.110c5b4339c48p-4, 0x1.e181867fc3cebp-5,
                            -0x1.ac6bac29fae75p-5, 0x1.77e2c1d337b4fp-5, -0x1.2fe19adc60fafp-5, 0x1.8305458fb0b0ep-6,
                            -0x1.117578bf93201p-7})
           : polynomial(z, {-0x1.55555102b3884p-2, 0x1.9996eadd247e7p-3, -0x1.244aa91ea86d0p-3, 0x1.c022531fcb07cp-4,
                            -0x1.46fe86dde8013p-4, 0x1.3d1fd31294759p-5});
  return t * z * p;
}

// The angle of (b, a) for a, b >= 0, or of (-b, a) on the left, as m pi/4 plus or minus arctan(t) with |t| <= 1/2:
// t = smaller / larger, or (smaller - larger) / (smaller + larger) beyond 1/2, which turns by pi/4.
Value angle_of(Value a, Value b, Value left, bool wide) {
  const double eighth = 0x1.921fb54442d18p-1, eighth_low = 0x1.1a62633145c07p-55;
  const Value zero = like(a, 0), one = like(a, 1), two = like(a, 2), four = like(a, 4);
  const Value steep = a > b, larger = select(steep, a, b), smaller = select(steep, b, a);
  const Value turned = (smaller > larger * 0.5) | (smaller == HUGE_VAL);
  const Value above = select(turned, smaller - larger, smaller), below = select(turned, larger + smaller, larger);
  const Value quotient = above / below;
  const Value t = select(larger == 0.0, zero, select(smaller == HUGE_VAL, zero, quotient));
  Value tail = arctan_tail(t, wide);
  if (wide) {
    // What the division and the sum below lost, times the derivative 1 / (1 + t^2); NaN only for infinite operands.
    const Value below_low = select(turned, smaller - (below - larger), zero);
    const Value left_over = fma(-t, below_low, fma(-t, below, above)) / fma(t, above, below);
    tail = tail + select(loop::is_nan(left_over), zero, left_over);
  }
  const Value flips = steep ^ left;
  const Value lead = select(flips, -t, t), rest = select(flips, -tail, tail);
  const Value corner = select(steep, two, select(left, four, zero));
  const Value m = corner + select(turned, select(flips, -one, one), zero);
  const Value base = m * eighth, base_low = fma(m, like(m, eighth), -base);
  const Value sum = base + lead, sum_low = (base - sum) + lead;
  return sum + (sum_low + (base_low + fma(m, like(m, eighth_low), rest)));
}

Value arctan2_wide(Value y, Value x, bool wide) {
  loop::Builder& b = *x.builder;
  const Value left = loop::bitcast(x, DType::i64) < b.integer(0, DType::i64);
  const Value angle = copysign(angle_of(abs(y), abs(x), left, wide), y);
  return select(loop::is_nan(x) | loop::is_nan(y), x + y, angle);
}

Value arctan_wide(Value x, bool wide) {
  const Value nowhere = x.builder->constant(DType::b1, 0);
  return select(loop::is_nan(x), x, copysign(angle_of(abs(x), like(x, 1), nowhere, wide), x));
}

// By way of the point (sqrt(1 - x^2), x).
Value opposite_side(Value x) { return loop::sqrt((1.0 - x) * (x + 1.0)); }
Value arcsin_wide(Value x, bool wide) { return arctan2_wide(x, opposite_side(x), wide); }
Value arccos_wide(Value x, bool wide) { return arctan2_wide(opposite_side(x), x, wide); }

}  // namespace

Value sin(Value x) { return in_double(sin_wide, x); }
Value cos(Value x) { return in_double(cos_wide, x); }
Value tan(Value x) { return in_double(tan_wide, x); }
Value arctan(Value x) { return in_double(arctan_wide, x); }
Value arcsin(Value x) { return in_double(arcsin_wide, x); }
Value arccos(Value x) { return in_double(arccos_wide, x); }
Value arctan2(Value y, Value x) { return in_double(arctan2_wide, y, x); }

}  // namespace croton::scalar_math
