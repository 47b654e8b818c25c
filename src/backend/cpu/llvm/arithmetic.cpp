// Emits the loop IR's pure instructions as LLVM IR: types, integers, comparisons, casts.
#include "backend/cpu/llvm/arithmetic.h"

#include <llvm/IR/Intrinsics.h>

#include "base/error.h"

namespace croton::codegen {

using llvm::Intrinsic::ID;
using loop::Code;

llvm::Type* Arithmetic::scalar_type(DType dtype) const {
  if (is_bool(dtype)) return b_.getInt1Ty();
  if (dtype == DType::f16) return b_.getHalfTy();
  if (dtype == DType::f32) return b_.getFloatTy();
  if (dtype == DType::f64) return b_.getDoubleTy();
  if (is_complex(dtype)) raise<InternalError>("complex values are not lowered to machine code");
  return b_.getIntNTy(static_cast<unsigned>(8 * item_size(dtype)));
}

llvm::Type* Arithmetic::type(DType dtype, int lanes) const {
  llvm::Type* const scalar = scalar_type(dtype);
  return lanes == 1 ? scalar : llvm::FixedVectorType::get(scalar, static_cast<unsigned>(lanes));
}

llvm::Constant* Arithmetic::constant(DType dtype, int64_t integer, double number) const {
  llvm::Type* const scalar = scalar_type(dtype);
  if (is_float(dtype)) return llvm::ConstantFP::get(scalar, number);
  return llvm::ConstantInt::get(scalar, static_cast<uint64_t>(integer), true);
}

llvm::Value* Arithmetic::number(llvm::Type* type, double value) const { return llvm::ConstantFP::get(type, value); }

llvm::Value* Arithmetic::integer(llvm::Type* type, int64_t value) const {
  return llvm::ConstantInt::get(type, static_cast<uint64_t>(value), true);
}

llvm::Value* Arithmetic::splat(llvm::Value* scalar, int lanes) {
  return lanes == 1 ? scalar : b_.CreateVectorSplat(static_cast<unsigned>(lanes), scalar);
}

llvm::Value* Arithmetic::lane_numbers(llvm::Type* integer, int lanes) {
  llvm::SmallVector<llvm::Constant*> numbers;
  for (int lane = 0; lane < lanes; ++lane)
    numbers.push_back(llvm::ConstantInt::get(integer, static_cast<uint64_t>(lane)));
  return lanes == 1 ? numbers[0] : llvm::ConstantVector::get(numbers);
}

llvm::Value* Arithmetic::unary(ID id, V a) { return b_.CreateUnaryIntrinsic(id, a); }

llvm::Value* Arithmetic::emit(const loop::Instruction& i, DType operand, DType result, llvm::ArrayRef<V> v) {
  if (operand == DType::f16 && i.code != Code::cast && i.code != Code::bitcast) return emit_halves(i, result, v);
  switch (i.code) {
    case Code::neg:
      return is_float(operand) ? b_.CreateFNeg(v[0]) : b_.CreateNeg(v[0]);
    case Code::abs:
      return absolute(operand, v[0]);
    case Code::fma:
      return b_.CreateIntrinsic(llvm::Intrinsic::fma, {v[0]->getType()}, {v[0], v[1], v[2]});
    case Code::sqrt:
      return unary(llvm::Intrinsic::sqrt, v[0]);
    case Code::floor:
      return unary(llvm::Intrinsic::floor, v[0]);
    case Code::ceil:
      return unary(llvm::Intrinsic::ceil, v[0]);
    case Code::trunc:
      return unary(llvm::Intrinsic::trunc, v[0]);
    case Code::rint:
      return unary(llvm::Intrinsic::roundeven, v[0]);
    case Code::scale2:
      return scale2(operand, v[0], v[1], i.immediate == 1);
    case Code::exponent:
      return exponent(operand, v[0]);
    case Code::copysign:
      return b_.CreateBinaryIntrinsic(llvm::Intrinsic::copysign, v[0], v[1]);
    case Code::bit_not:
      return b_.CreateNot(v[0]);
    case Code::select:
      return b_.CreateSelect(v[0], v[1], v[2]);
    case Code::cast:
      return cast(v[0], operand, result);
    case Code::bitcast:
      return bitcast(v[0], operand, result);
    case Code::call:
      return call_helper(i.immediate, operand, v);
    case Code::eq:
    case Code::ne:
    case Code::lt:
    case Code::le:
    case Code::gt:
    case Code::ge:
      return compare(i.code, operand, v[0], v[1]);
    default:
      return binary(i.code, operand, v[0], v[1]);
  }
}

// Halves work in float32 and are rounded after each operation: exact for all but fma, and equal on every processor.
llvm::Value* Arithmetic::emit_halves(const loop::Instruction& i, DType result, llvm::ArrayRef<V> v) {
  llvm::SmallVector<V> wide;
  for (V const value : v) wide.push_back(cast(value, DType::f16, DType::f32));
  V const computed = emit(i, DType::f32, result == DType::f16 ? DType::f32 : result, wide);
  return result == DType::f16 ? cast(computed, DType::f32, DType::f16) : computed;
}

llvm::Value* Arithmetic::binary(Code code, DType d, V a, V b) {
  const bool floats = is_float(d);
  switch (code) {
    case Code::add:
      return floats ? b_.CreateFAdd(a, b) : b_.CreateAdd(a, b);
    case Code::sub:
      return floats ? b_.CreateFSub(a, b) : b_.CreateSub(a, b);
    case Code::mul:
      return floats ? b_.CreateFMul(a, b) : b_.CreateMul(a, b);
    case Code::div:
      return floats ? b_.CreateFDiv(a, b) : divide(code, d, a, b);
    case Code::rem:
      return floats ? float_remainder(d, a, b) : divide(code, d, a, b);
    case Code::min:
      return minimum(d, a, b, false);
    case Code::max:
      return minimum(d, a, b, true);
    case Code::bit_and:
      return b_.CreateAnd(a, b);
    case Code::bit_or:
      return b_.CreateOr(a, b);
    case Code::bit_xor:
      return b_.CreateXor(a, b);
    case Code::shl:
    case Code::shr:
      return shift(code, d, a, b);
    default:
      raise<InternalError>("no machine code for '{}'", loop::traits(code).name);
  }
}

llvm::Value* Arithmetic::compare(Code code, DType d, V a, V b) {
  using P = llvm::CmpInst::Predicate;
  const bool is_signed = is_signed_integer(d);
  const auto pick = [&](P f, P s, P u) { return is_float(d) ? f : is_signed ? s : u; };
  P predicate = P::ICMP_EQ;
  switch (code) {
    case Code::eq:
      predicate = pick(P::FCMP_OEQ, P::ICMP_EQ, P::ICMP_EQ);
      break;
    case Code::ne:
      predicate = pick(P::FCMP_UNE, P::ICMP_NE, P::ICMP_NE);
      break;
    case Code::lt:
      predicate = pick(P::FCMP_OLT, P::ICMP_SLT, P::ICMP_ULT);
      break;
    case Code::le:
      predicate = pick(P::FCMP_OLE, P::ICMP_SLE, P::ICMP_ULE);
      break;
    case Code::gt:
      predicate = pick(P::FCMP_OGT, P::ICMP_SGT, P::ICMP_UGT);
      break;
    default:
      predicate = pick(P::FCMP_OGE, P::ICMP_SGE, P::ICMP_UGE);
      break;
  }
  return b_.CreateCmp(predicate, a, b);
}

// x86 traps at 0 and at smallest / -1, so the divisor is replaced there and the result chosen afterwards.
llvm::Value* Arithmetic::divide(Code code, DType d, V a, V b) {
  const bool is_signed = is_signed_integer(d), quotient = code == Code::div;
  llvm::Type* const t = a->getType();
  V const zero = integer(t, 0);
  V const by_zero = b_.CreateICmpEQ(b, zero);
  V unsafe = by_zero, by_minus_one = nullptr;
  if (is_signed) {
    by_minus_one = b_.CreateICmpEQ(b, integer(t, -1));
    unsafe = b_.CreateOr(by_zero, by_minus_one);
  }
  V const divisor = b_.CreateSelect(unsafe, integer(t, 1), b);
  if (!quotient) {
    V const r = is_signed ? b_.CreateSRem(a, divisor) : b_.CreateURem(a, divisor);
    return b_.CreateSelect(unsafe, zero, r);
  }
  V q = is_signed ? b_.CreateSDiv(a, divisor) : b_.CreateUDiv(a, divisor);
  if (is_signed) q = b_.CreateSelect(by_minus_one, b_.CreateNeg(a), q);
  return b_.CreateSelect(by_zero, zero, q);
}

// Counts at or past the width give 0, or the sign.
llvm::Value* Arithmetic::shift(Code code, DType d, V a, V b) {
  llvm::Type* const t = a->getType();
  const int64_t bits = 8 * item_size(d);
  V const past = b_.CreateICmpUGE(b, integer(t, bits));
  if (code == Code::shr && is_signed_integer(d))
    return b_.CreateAShr(a, b_.CreateSelect(past, integer(t, bits - 1), b));
  V const count = b_.CreateSelect(past, integer(t, 0), b);
  V const shifted = code == Code::shl ? b_.CreateShl(a, count) : b_.CreateLShr(a, count);
  return b_.CreateSelect(past, integer(t, 0), shifted);
}

// For floats the inner select is one instruction, which gives b if either is NaN; a NaN in a is put back.
llvm::Value* Arithmetic::minimum(DType d, V a, V b, bool is_max) {
  if (is_bool(d)) return is_max ? b_.CreateOr(a, b) : b_.CreateAnd(a, b);
  if (is_float(d)) {
    V const better = is_max ? b_.CreateFCmpOGT(a, b) : b_.CreateFCmpOLT(a, b);
    return b_.CreateSelect(b_.CreateFCmpUNO(a, a), a, b_.CreateSelect(better, a, b));
  }
  const bool is_signed = is_signed_integer(d);
  const ID id = is_max ? (is_signed ? llvm::Intrinsic::smax : llvm::Intrinsic::umax)
                       : (is_signed ? llvm::Intrinsic::smin : llvm::Intrinsic::umin);
  return b_.CreateBinaryIntrinsic(id, a, b);
}

llvm::Value* Arithmetic::absolute(DType d, V a) {
  if (is_float(d)) return unary(llvm::Intrinsic::fabs, a);
  if (!is_signed_integer(d)) return a;
  return b_.CreateIntrinsic(llvm::Intrinsic::abs, {a->getType()}, {a, b_.getFalse()});
}

namespace {
int lanes_of(llvm::Value* v) {
  auto* const vector = llvm::dyn_cast<llvm::FixedVectorType>(v->getType());
  return vector == nullptr ? 1 : static_cast<int>(vector->getNumElements());
}
}  // namespace

llvm::Value* Arithmetic::cast(V value, DType from, DType to) {
  if (from == to) return value;
  llvm::Type* const source = value->getType();
  const int lanes = lanes_of(value);
  if (is_bool(to)) {
    llvm::Value* const zero = llvm::Constant::getNullValue(source);
    return is_float(from) ? b_.CreateFCmpUNE(value, zero) : b_.CreateICmpNE(value, zero);
  }
  // Half precision goes through float32, exactly in one direction, by one rounding in the other.
  if (from == DType::f16 && to != DType::f32)
    return cast(b_.CreateFPExt(value, type(DType::f32, lanes)), DType::f32, to);
  if (from == DType::f64 && to == DType::f16) return double_to_half(value);
  if (is_discrete(from) && to == DType::f16) {
    return b_.CreateFPTrunc(cast(value, from, DType::f32), type(to, lanes));  // past 2^24 the result is infinite anyway
  }
  llvm::Type* const target = type(to, lanes);
  if (is_float(from) && is_float(to)) {
    return item_size(from) < item_size(to) ? b_.CreateFPExt(value, target) : b_.CreateFPTrunc(value, target);
  }
  if (is_float(from)) return float_to_integer(value, from, to);
  if (is_float(to)) return is_signed_integer(from) ? b_.CreateSIToFP(value, target) : b_.CreateUIToFP(value, target);
  return is_signed_integer(from) ? b_.CreateSExtOrTrunc(value, target) : b_.CreateZExtOrTrunc(value, target);
}

// As C compilers do on x86: by way of int32 or int64, so that numbers out of range wrap where they fit there.
llvm::Value* Arithmetic::float_to_integer(V value, DType, DType to) {
  const int lanes = lanes_of(value);
  if (to == DType::u64) return b_.CreateFreeze(b_.CreateFPToUI(value, type(to, lanes)));
  const DType middle = to == DType::u32 || to == DType::i64 ? DType::i64 : DType::i32;
  V const whole = b_.CreateFreeze(b_.CreateFPToSI(value, type(middle, lanes)));
  return b_.CreateTrunc(whole, type(to, lanes));
}

// Rounds to odd into float32 first: then the second rounding sees whether anything was cut off, and is right.
llvm::Value* Arithmetic::double_to_half(V value) {
  const int lanes = lanes_of(value);
  llvm::Type* const single = type(DType::f32, lanes);
  llvm::Type* const bits = type(DType::u32, lanes);
  V const near = b_.CreateFPTrunc(value, single);
  V const back = b_.CreateFPExt(near, value->getType());
  V const inexact = b_.CreateFCmpONE(back, value);
  V const too_large = b_.CreateFCmpOGT(unary(llvm::Intrinsic::fabs, back), unary(llvm::Intrinsic::fabs, value));
  V const raw = b_.CreateBitCast(near, bits);
  V const cut = b_.CreateSelect(too_large, b_.CreateSub(raw, integer(bits, 1)), raw);
  V const odd = b_.CreateSelect(inexact, b_.CreateOr(cut, integer(bits, 1)), raw);
  return b_.CreateFPTrunc(b_.CreateBitCast(odd, single), type(DType::f16, lanes));
}

llvm::Value* Arithmetic::bitcast(V value, DType from, DType to) {
  const int lanes = lanes_of(value);
  if (from == to) return value;
  if (is_bool(from)) return b_.CreateZExt(value, type(to, lanes));
  if (is_bool(to)) return b_.CreateICmpNE(value, llvm::Constant::getNullValue(value->getType()));
  return b_.CreateBitCast(value, type(to, lanes));
}

}  // namespace croton::codegen
