// Operators and functions on values of the loop builder: each appends one instruction.
#include "base/error.h"
#include "ir/loop_builder.h"

namespace croton::loop {
namespace {

Value unary(Code code, Value a) { return a.builder->pure(code, a.dtype(), {a}); }
Value binary(Code code, Value a, Value b) { return a.builder->pure(code, a.dtype(), {a, b}); }
Value compare(Code code, Value a, Value b) { return a.builder->pure(code, DType::b1, {a, b}); }
Value shift(Code code, Value a, int bits) { return binary(code, a, a.builder->integer(bits, a.dtype())); }

}  // namespace

DType Value::dtype() const {
  if (builder == nullptr || id == no_value) raise<InternalError>("the dtype of no value is asked for");
  return builder->kernel().value_dtypes[static_cast<size_t>(id)];
}

Value operator+(Value a, Value b) { return binary(Code::add, a, b); }
Value operator-(Value a, Value b) { return binary(Code::sub, a, b); }
Value operator*(Value a, Value b) { return binary(Code::mul, a, b); }
Value operator/(Value a, Value b) { return binary(Code::div, a, b); }
Value operator%(Value a, Value b) { return binary(Code::rem, a, b); }
Value operator-(Value a) { return unary(Code::neg, a); }
Value operator+(Value a, double b) { return a + like(a, b); }
Value operator+(double a, Value b) { return like(b, a) + b; }
Value operator-(Value a, double b) { return a - like(a, b); }
Value operator-(double a, Value b) { return like(b, a) - b; }
Value operator*(Value a, double b) { return a * like(a, b); }
Value operator*(double a, Value b) { return like(b, a) * b; }
Value operator/(Value a, double b) { return a / like(a, b); }
Value operator/(double a, Value b) { return like(b, a) / b; }
Value operator&(Value a, Value b) { return binary(Code::bit_and, a, b); }
Value operator|(Value a, Value b) { return binary(Code::bit_or, a, b); }
Value operator^(Value a, Value b) { return binary(Code::bit_xor, a, b); }
Value operator~(Value a) { return unary(Code::bit_not, a); }
Value operator<<(Value a, int bits) { return shift(Code::shl, a, bits); }
Value operator>>(Value a, int bits) { return shift(Code::shr, a, bits); }
Value operator==(Value a, Value b) { return compare(Code::eq, a, b); }
Value operator!=(Value a, Value b) { return compare(Code::ne, a, b); }
Value operator<(Value a, Value b) { return compare(Code::lt, a, b); }
Value operator<=(Value a, Value b) { return compare(Code::le, a, b); }
Value operator>(Value a, Value b) { return compare(Code::gt, a, b); }
Value operator>=(Value a, Value b) { return compare(Code::ge, a, b); }
Value operator<(Value a, double b) { return a < like(a, b); }
Value operator<=(Value a, double b) { return a <= like(a, b); }
Value operator>(Value a, double b) { return a > like(a, b); }
Value operator>=(Value a, double b) { return a >= like(a, b); }
Value operator==(Value a, double b) { return a == like(a, b); }
Value operator!=(Value a, double b) { return a != like(a, b); }

Value like(Value a, double number) { return a.builder->constant(a.dtype(), number); }
Value fma(Value a, Value b, Value c) { return a.builder->pure(Code::fma, a.dtype(), {a, b, c}); }
Value fma(Value a, Value b, double c) { return fma(a, b, like(a, c)); }
Value min(Value a, Value b) { return binary(Code::min, a, b); }
Value max(Value a, Value b) { return binary(Code::max, a, b); }
Value abs(Value a) { return unary(Code::abs, a); }
Value sqrt(Value a) { return unary(Code::sqrt, a); }
Value floor(Value a) { return unary(Code::floor, a); }
Value ceil(Value a) { return unary(Code::ceil, a); }
Value trunc(Value a) { return unary(Code::trunc, a); }
Value rint(Value a) { return unary(Code::rint, a); }
Value scale2(Value a, Value power) { return binary(Code::scale2, a, power); }
Value scale2_near_one(Value a, Value power) { return a.builder->pure(Code::scale2, a.dtype(), {a, power}, 1); }
Value copysign(Value magnitude, Value sign) { return binary(Code::copysign, magnitude, sign); }
Value select(Value condition, Value then, Value otherwise) {
  return condition.builder->pure(Code::select, then.dtype(), {condition, then, otherwise});
}
Value cast(Value a, DType dtype) { return a.builder->pure(Code::cast, dtype, {a}); }
Value bitcast(Value a, DType dtype) { return a.builder->pure(Code::bitcast, dtype, {a}); }
Value is_nan(Value a) { return a != a; }

}  // namespace croton::loop
