// Loop IR: structured, single-assignment code of one kernel. Every backend generates its code from this.
//
// A kernel is a region (a list of instructions); instructions that hold loops and branches own nested regions.
// Vector loops are written for one lane (as a GPU thread is): the code generator widens what depends on the index.
// Results must not depend on how the parallel range is cut into pieces: that is the lowering's duty.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "ir/dtype.h"

namespace croton::loop {

using ValueId = int32_t;
inline constexpr ValueId no_value = -1;

enum class Code : uint8_t {
  // Leaves
  constant,     // immediate (ints, bool) or number (floats)
  int_param,    // ints[immediate], i64
  range_begin,  // first index of this call's parallel range, i64
  range_end,    // one past the last
  // Arithmetic on operands of one dtype, which is also the result's. Integers wrap. Nothing traps:
  // integer x/0 and x%0 give 0; the smallest integer / -1 gives itself.
  add,
  sub,
  mul,
  div,  // floats: IEEE; integers: truncated
  rem,  // integers: sign of the dividend; floats: C's fmod
  neg,
  abs,
  fma,  // a*b+c, rounded once (floats)
  min,
  max,  // NaN if either is NaN
  sqrt,
  floor,
  ceil,
  trunc,
  rint,    // rint: half to even
  scale2,  // a * 2^b, b a float with an integer value, any size (float); right for denormals and overflow. Immediate 1:
           // |a| in [1/4, 4] or NaN, |b| at most twice the largest exponent, or anything where a is NaN
  exponent,  // floor(log2(|a|)) as float, a normal and positive
  copysign,
  bit_and,
  bit_or,
  bit_xor,
  bit_not,
  shl,
  shr,  // integers and bool; shr is arithmetic for signed dtypes
  eq,
  ne,
  lt,
  le,
  gt,
  ge,       // result b1; floats: ordered, but ne is true for NaN
  select,   // operands: b1, then, else
  cast,     // to dtype: C's conversion; float to integer truncates, saturation unspecified; to bool: x != 0
  bitcast,  // same size
  call,     // helper function of the fixed table (immediate = index in helpers), on floats: lane by lane
  // Memory. Offsets are i64 counts of elements.
  load,           // buffer = immediate; operand: offset
  store,          // buffer = immediate; operands: offset, value (value's dtype = the buffer's)
  prefetch,       // buffer = immediate; operand: offset, which may lie outside. Changes nothing but times
  local_load,     // local array = immediate; operand: offset
  local_store,    // local array = immediate; operands: offset, value
  transpose,      // local array = immediate, seen as transpose_side rows; operand: first column of a square that is
                  // transposed in its place
  checked_index,  // operands: index i64, size i64; immediate = site. Negative counts from the end; outside: the kernel
                  // returns kernel_index_error with site, value and size in the frame. Result: index in [0, size)
  // Structure
  loop,        // see Loop fields below; results: the carried values after the last iteration
  branch,      // operand: b1 (uniform); regions: then, else; results: what the regions yield
  while_loop,  // operands: initial values; regions: {condition (params -> yields b1), body (params -> yields next)};
               // results
  count_       // number of codes
};

/// What a code takes and gives. The printer, the verifier, the builder and the code generators all read this table.
struct CodeTraits {
  enum class Operands : uint8_t {  // dtypes of the operands
    none,                          // no rule here: leaves, memory and structure are checked by hand
    any,                           // one dtype, any but complex
    numbers,                       // one dtype, integer or float
    floats,                        // one dtype, float
    discrete,                      // one dtype, bool or integer
  };
  enum class Result : uint8_t { none, same, boolean, index, free };  // same: the last operand's dtype
  std::string_view name;
  int8_t operand_count;  // -1: varies
  Operands operands;
  Result result;
  bool pure;  // may be moved, merged and removed freely (loads are not: stores change them)
};
const CodeTraits& traits(Code code);

/// As many lanes as any vector has.
inline constexpr int64_t padding = 128;

/// Rows and columns of what `transpose` turns: a cache line of float32 on each side.
inline constexpr int64_t transpose_side = 16;

enum class LoopKind : uint8_t { parallel, serial, vector };

struct Instruction;

struct Region {
  std::vector<ValueId> params;  // loop: index first, then carried values; branch: none
  std::vector<Instruction> body;
  std::vector<ValueId> yields;  // next carried values, branch results, or a condition
};

struct Instruction {
  Code code;
  std::vector<ValueId> operands = {};  // loop: begin, end, then initial carried values
  std::vector<ValueId> results = {};
  int64_t immediate = 0;
  double number = 0;
  std::vector<Region> regions = {};  // loop: {body} or {body, combine}
  // Loops only. Step is 1.
  // A vector loop with carried values keeps a private copy of each per lane and per interleaved copy; every copy starts
  // from the given initial value, which must be the identity of `combine`; at the end the copies are joined by
  // regions[1] (params: k values of the left, k of the right; yields k), interleaved copies pairwise first, then lanes
  // by halves. `vector` loops hold loads, stores, serial loops, branches on uniform conditions; no parallel or vector
  // loop inside. Immediate 1: a vector loop without carried values that touches local arrays only; it may run on to the
  // next multiple of `padding` iterations.
  LoopKind kind = LoopKind::serial;
  int interleave = 1;  // most vectors in flight in a vector loop with carried values: 1, 2 or 4
};

struct BufferDecl {
  DType dtype;
  bool written = false;
  bool read = true;
  std::string name;  // for dumps
};

struct LocalArray {  // on the stack of the worker; 64-byte aligned
  DType dtype;
  int64_t count;
  bool in_scratch = false;  // in the frame's scratch memory instead, at byte offset ints[scratch_int]
  int scratch_int = -1;     // then `count` is unused
};

struct Kernel {
  std::string name;  // symbol; letters, digits, underscores
  std::vector<BufferDecl> buffers;
  int int_count = 0;
  std::vector<LocalArray> locals;
  std::vector<DType> value_dtypes;  // by ValueId
  int site_count = 0;               // checked_index sites
  Region body;
  bool infallible() const { return site_count == 0; }
};

/// Helpers that kernels may call: the fixed table (name, float64 address, float32 address).
struct Helper {
  const char* name;
  double (*f64)(double);
  float (*f32)(float);
};
const std::vector<Helper>& helpers();
int helper_index(std::string_view name);  // InternalError when there is none

std::string print(const Kernel& kernel);
/// Everything that shapes the code (not the names), as words: kernels with equal words have the same code.
std::vector<uint64_t> code_words(const Kernel& kernel);
/// InternalError when an instruction breaks a rule above (dtypes, scopes, counts). Run between passes in tests.
void verify(const Kernel& kernel);

}  // namespace croton::loop
