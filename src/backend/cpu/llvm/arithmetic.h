// Emits the loop IR's pure instructions as LLVM IR, for scalars and for vectors of any number of lanes.
#pragma once

#include <llvm/IR/IRBuilder.h>

#include "ir/loop.h"

namespace croton::codegen {

class Arithmetic {
 public:
  Arithmetic(llvm::IRBuilder<>& builder, bool avx512) : b_(builder), avx512_(avx512) {}

  llvm::Type* scalar_type(DType dtype) const;  // in registers: bool is i1
  llvm::Type* type(DType dtype, int lanes) const;
  llvm::Constant* constant(DType dtype, int64_t integer, double number) const;

  /// One pure instruction with operands; all operands have the same number of lanes.
  llvm::Value* emit(const loop::Instruction& instruction, DType operand, DType result,
                    llvm::ArrayRef<llvm::Value*> operands);
  llvm::Value* cast(llvm::Value* value, DType from, DType to);

  llvm::Value* splat(llvm::Value* scalar, int lanes);
  llvm::Value* lane_numbers(llvm::Type* integer, int lanes);  // <0, 1, 2, ...>

 private:
  using V = llvm::Value*;
  V number(llvm::Type* type, double value) const;
  V integer(llvm::Type* type, int64_t value) const;
  V emit_halves(const loop::Instruction& instruction, DType result, llvm::ArrayRef<V> operands);
  V unary(llvm::Intrinsic::ID id, V a);
  V binary(loop::Code code, DType d, V a, V b);
  V compare(loop::Code code, DType d, V a, V b);
  V divide(loop::Code code, DType d, V a, V b);
  V shift(loop::Code code, DType d, V a, V b);
  V minimum(DType d, V a, V b, bool is_max);
  V absolute(DType d, V a);
  V float_to_integer(V value, DType from, DType to);
  V double_to_half(V value);
  V bitcast(V value, DType from, DType to);
  V scale2(DType d, V a, V power, bool near_one);
  V scale2_in_steps(DType d, V a, V power);
  V scale2_by_halves(DType d, V a, V power);
  V exponent(DType d, V a);
  V wide_intrinsic(bool scale, DType d, V a, V b);
  V call_lanes(llvm::FunctionType* type, int function, llvm::ArrayRef<V> operands);
  V call_helper(int64_t index, DType d, llvm::ArrayRef<V> operands);
  V float_remainder(DType d, V a, V b);

  llvm::IRBuilder<>& b_;
  bool avx512_;
};

}  // namespace croton::codegen
