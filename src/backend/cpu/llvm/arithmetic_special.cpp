// Emits scaling by powers of two, exponents, and calls of helper functions lane by lane.
#include <llvm/IR/Intrinsics.h>
#include <llvm/IR/IntrinsicsX86.h>
#include <llvm/IR/Module.h>

#include <cmath>

#include "backend/cpu/llvm/arithmetic.h"
#include "backend/cpu/llvm/object_image.h"
#include "base/error.h"

namespace croton::codegen {
namespace {

int lanes_of(llvm::Value* v) {
  auto* const vector = llvm::dyn_cast<llvm::FixedVectorType>(v->getType());
  return vector == nullptr ? 1 : static_cast<int>(vector->getNumElements());
}

struct Format {
  int mantissa_bits;  // stored
  int bias;           // also the largest exponent
};
Format format_of(DType d) { return d == DType::f64 ? Format{52, 1023} : Format{23, 127}; }

}  // namespace

// scalef (scale) or getexp of AVX-512: both give the exactly rounded result in one instruction.
llvm::Value* Arithmetic::wide_intrinsic(bool scale, DType d, V a, V b) {
  using namespace llvm;
  const int bits = 8 * item_size(d) * lanes_of(a);
  const bool f64 = d == DType::f64;
  Intrinsic::ID id;
  if (bits == 512) {
    id = scale ? (f64 ? Intrinsic::x86_avx512_mask_scalef_pd_512 : Intrinsic::x86_avx512_mask_scalef_ps_512)
               : (f64 ? Intrinsic::x86_avx512_mask_getexp_pd_512 : Intrinsic::x86_avx512_mask_getexp_ps_512);
  } else if (bits == 256) {
    id = scale ? (f64 ? Intrinsic::x86_avx512_mask_scalef_pd_256 : Intrinsic::x86_avx512_mask_scalef_ps_256)
               : (f64 ? Intrinsic::x86_avx512_mask_getexp_pd_256 : Intrinsic::x86_avx512_mask_getexp_ps_256);
  } else {
    id = scale ? (f64 ? Intrinsic::x86_avx512_mask_scalef_pd_128 : Intrinsic::x86_avx512_mask_scalef_ps_128)
               : (f64 ? Intrinsic::x86_avx512_mask_getexp_pd_128 : Intrinsic::x86_avx512_mask_getexp_ps_128);
  }
  const bool sixteen = bits == 512 && !f64;
  SmallVector<Value*> arguments{a};
  if (scale) arguments.push_back(b);
  arguments.push_back(Constant::getNullValue(a->getType()));
  arguments.push_back(sixteen ? static_cast<Value*>(b_.getInt16(0xffff)) : b_.getInt8(0xff));
  if (bits == 512) arguments.push_back(b_.getInt32(4));  // round as usual
  return b_.CreateIntrinsic(id, {}, arguments);
}

llvm::Value* Arithmetic::scale2(DType d, V a, V power, bool near_one) {
  const int lanes = lanes_of(a);
  const int bits = 8 * item_size(d) * lanes;
  if (!avx512_ || (lanes > 1 && bits != 128 && bits != 256 && bits != 512)) {
    return near_one ? scale2_by_halves(d, a, power) : scale2_in_steps(d, a, power);
  }
  if (lanes > 1) return wide_intrinsic(true, d, a, power);
  llvm::Value* const blank = llvm::Constant::getNullValue(type(d, 16 / item_size(d)));
  V const scaled = wide_intrinsic(true, d, b_.CreateInsertElement(blank, a, uint64_t{0}),
                                  b_.CreateInsertElement(blank, power, uint64_t{0}));
  return b_.CreateExtractElement(scaled, uint64_t{0});
}

// Three products with powers of two. A step down that may leave the normal numbers stays so far above the smallest one
// that only results which vanish anyway are rounded twice.
llvm::Value* Arithmetic::scale2_in_steps(DType d, V a, V power) {
  const Format format = format_of(d);
  const int lanes = lanes_of(a);
  const int64_t largest = format.bias, smallest = 1 - format.bias, down = smallest + format.mantissa_bits + 1;
  const int64_t limit = 3 * largest - 3 * (format.mantissa_bits + 1);  // past every quotient of two numbers
  llvm::Type* const t = a->getType();
  llvm::Type* const narrow = type(DType::i32, lanes);
  llvm::Type* const bits = type(d == DType::f64 ? DType::i64 : DType::i32, lanes);
  const auto bound = static_cast<double>(limit);
  V p = b_.CreateSelect(b_.CreateFCmpOGT(power, number(t, bound)), number(t, bound), power);
  p = b_.CreateSelect(b_.CreateFCmpOLT(p, number(t, -bound)), number(t, -bound), p);
  V rest = b_.CreateFreeze(b_.CreateFPToSI(p, narrow));
  V result = a;
  for (int step = 0; step < 3; ++step) {
    V now = rest;
    if (step < 2) {
      now = b_.CreateSelect(b_.CreateICmpSGT(rest, integer(narrow, largest)), integer(narrow, largest), rest);
      now = b_.CreateSelect(b_.CreateICmpSLT(rest, integer(narrow, smallest)), integer(narrow, down), now);
      rest = b_.CreateSub(rest, now);
    }
    V const exponent = b_.CreateSExtOrTrunc(b_.CreateAdd(now, integer(narrow, format.bias)), bits);
    result = b_.CreateFMul(result, b_.CreateBitCast(b_.CreateShl(exponent, integer(bits, format.mantissa_bits)), t));
  }
  return b_.CreateSelect(b_.CreateFCmpUNO(power, power), power, result);
}

// a 2^h 2^(n - h) with h = n / 2 rounded down: the first product is exact, the second is rounded once. With a large
// enough number added to n, the last bits of its float are n + 2 bias; what lies above the exponent's field is shifted
// out. AVX2 has no arithmetic shift of 64 bits; the shift of 32 bits does as well, for the field is read from low bits.
llvm::Value* Arithmetic::scale2_by_halves(DType d, V a, V power) {
  const Format format = format_of(d);
  const int lanes = lanes_of(a);
  const bool wide = d == DType::f64;
  llvm::Type* const t = a->getType();
  llvm::Type* const bits = type(wide ? DType::i64 : DType::i32, lanes);
  llvm::Type* const narrow = type(DType::i32, wide ? 2 * lanes : lanes);
  const double shifter = std::ldexp(1.5, format.mantissa_bits) + 2 * format.bias;
  V const sum = b_.CreateBitCast(b_.CreateFAdd(power, number(t, shifter)), narrow);
  V const half = b_.CreateAShr(sum, integer(narrow, 1)), rest = b_.CreateSub(sum, half);
  V result = a;
  for (V const field : {half, rest}) {
    V const shifted = b_.CreateShl(b_.CreateBitCast(field, bits), integer(bits, format.mantissa_bits));
    result = b_.CreateFMul(result, b_.CreateBitCast(shifted, t));
  }
  return result;
}

llvm::Value* Arithmetic::exponent(DType d, V a) {
  const int lanes = lanes_of(a);
  const int width = 8 * item_size(d) * lanes;
  if (avx512_ && lanes > 1 && (width == 128 || width == 256 || width == 512))
    return wide_intrinsic(false, d, a, nullptr);
  const Format format = format_of(d);
  llvm::Type* const bits = type(d == DType::f64 ? DType::i64 : DType::i32, lanes);
  V const magnitude = b_.CreateBitCast(unary(llvm::Intrinsic::fabs, a), bits);
  V const biased = b_.CreateLShr(magnitude, integer(bits, format.mantissa_bits));
  if (d == DType::f32) return b_.CreateSIToFP(b_.CreateSub(biased, integer(bits, format.bias)), a->getType());
  // 2^52 + k has k in its lowest bits: no conversion of int64 is needed, which AVX2 lacks.
  const double shifter = 4503599627370496.0;
  V const shifted = b_.CreateOr(biased, b_.CreateBitCast(number(a->getType(), shifter), bits));
  return b_.CreateFSub(b_.CreateBitCast(shifted, a->getType()), number(a->getType(), shifter + format.bias));
}

// The loader puts the function's address into a slot beside the code.
llvm::Value* Arithmetic::call_lanes(llvm::FunctionType* type, int function, llvm::ArrayRef<V> operands) {
  using namespace llvm;
  Module& module = *b_.GetInsertBlock()->getModule();
  auto* const slot = llvm::cast<GlobalVariable>(module.getOrInsertGlobal(function_slot_name(function), b_.getPtrTy()));
  slot->setVisibility(GlobalValue::HiddenVisibility);
  slot->setDSOLocal(true);
  slot->setConstant(true);
  Value* const target = b_.CreateLoad(b_.getPtrTy(), slot);
  const int lanes = lanes_of(operands[0]);
  if (lanes == 1) return b_.CreateCall(type, target, operands);
  Type* const vector = operands[0]->getType();
  Type* const element = type->getReturnType();
  Function* const kernel = b_.GetInsertBlock()->getParent();
  IRBuilder<> entry(&kernel->getEntryBlock(), kernel->getEntryBlock().begin());
  SmallVector<AllocaInst*> slots;
  for (size_t i = 0; i <= operands.size(); ++i) {
    slots.push_back(entry.CreateAlloca(vector));
    slots.back()->setAlignment(Align(64));
    if (i < operands.size()) b_.CreateAlignedStore(operands[i], slots.back(), Align(64));
  }
  BasicBlock* const before = b_.GetInsertBlock();
  BasicBlock* const body = BasicBlock::Create(b_.getContext(), "lane", kernel);
  BasicBlock* const after = BasicBlock::Create(b_.getContext(), "lanes_done", kernel);
  b_.CreateBr(body);
  b_.SetInsertPoint(body);
  PHINode* const lane = b_.CreatePHI(b_.getInt64Ty(), 2);
  lane->addIncoming(b_.getInt64(0), before);
  SmallVector<Value*> arguments;
  for (size_t i = 0; i < operands.size(); ++i) {
    arguments.push_back(b_.CreateLoad(element, b_.CreateGEP(element, slots[i], lane)));
  }
  b_.CreateStore(b_.CreateCall(type, target, arguments), b_.CreateGEP(element, slots.back(), lane));
  Value* const next = b_.CreateAdd(lane, b_.getInt64(1));
  lane->addIncoming(next, body);
  b_.CreateCondBr(b_.CreateICmpULT(next, b_.getInt64(static_cast<uint64_t>(lanes))), body, after);
  b_.SetInsertPoint(after);
  return b_.CreateAlignedLoad(vector, slots.back(), Align(64));
}

// A vector of zeros needs no call. So what only rare arguments need costs the others one test: they are replaced by
// zero (sines of huge numbers).
llvm::Value* Arithmetic::call_helper(int64_t index, DType d, llvm::ArrayRef<V> operands) {
  using namespace llvm;
  const loop::Helper& helper = loop::helpers().at(static_cast<size_t>(index));
  Type* const t = scalar_type(d);
  const int function = helper_function(static_cast<int>(index), d == DType::f64);
  Type* const type = operands[0]->getType();
  V const of_zero = number(type, d == DType::f64 ? helper.f64(0.0) : static_cast<double>(helper.f32(0.0F)));
  V const bits = b_.CreateBitCast(operands[0], b_.getIntNTy(type->getPrimitiveSizeInBits().getFixedValue()));
  Function* const kernel = b_.GetInsertBlock()->getParent();
  BasicBlock* const before = b_.GetInsertBlock();
  BasicBlock* const calls = BasicBlock::Create(b_.getContext(), "helper", kernel);
  BasicBlock* const after = BasicBlock::Create(b_.getContext(), "helper_done", kernel);
  b_.CreateCondBr(b_.CreateICmpEQ(bits, ConstantInt::get(bits->getType(), 0)), after, calls);
  b_.SetInsertPoint(calls);
  V const called = call_lanes(FunctionType::get(t, {t}, false), function, operands);
  BasicBlock* const from = b_.GetInsertBlock();
  b_.CreateBr(after);
  b_.SetInsertPoint(after);
  PHINode* const result = b_.CreatePHI(type, 2);
  result->addIncoming(of_zero, before);
  result->addIncoming(called, from);
  return result;
}

llvm::Value* Arithmetic::float_remainder(DType d, V a, V b) {
  llvm::Type* const t = scalar_type(d);
  return call_lanes(llvm::FunctionType::get(t, {t, t}, false), remainder_function(d == DType::f64), {a, b});
}

}  // namespace croton::codegen
