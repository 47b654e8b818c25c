// The compiled program: sizes, slots and a tree of blocks of steps. The one executor (runtime/executor.h) runs it.
// Knows types, not nodes: nodes appear only as what messages name (line, text) and as the argument of host calls.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "ir/kernel_abi.h"
#include "ir/loop.h"
#include "ir/node.h"
#include "ir/op.h"
#include "runtime/shared.h"

namespace croton {

/// Index of an int64 register of the size program. Registers below Program::constants.size() hold those constants.
using SizeReg = int32_t;
inline constexpr SizeReg no_reg = -1;

struct SizeInstruction {
  enum class Kind : uint8_t {
    dim,     // target = size of axis `axis` of slot `slot`
    stride,  // target = stride of that axis, in elements
    scalar,  // target = the integer that rank-0 slot `slot` holds (its memory must be ready)
    apply,   // target = integer value of row `op` on args
  };
  Kind kind;
  SizeReg target = no_reg;
  int slot = -1;
  int axis = 0;
  const Op* op = nullptr;
  std::vector<SizeReg> args;
};

struct Guard {
  enum class Kind : uint8_t { equal, not_negative, reshape, index };  // index: -right <= left < right (IndexError)
  Kind kind;
  SizeReg left = no_reg, right = no_reg;
  std::vector<SizeReg> many, others;  // reshape: equal products, none negative
  std::string text;                   // {0}, {1}: the two values (or products)
  int site = -1;                      // index into Program::sites
};

/// What an error message says about where it happened.
struct Site {
  Var variable;  // the node whose computation failed
  LineId line = 0;
};

/// A tensor that steps read or write: memory, shape and strides (elements) by registers.
struct Slot {
  enum class Source : uint8_t {
    input,     // `index`-th argument of the call
    shared,    // snapshot of the `index`-th shared variable
    constant,  // `index`-th literal
    buffer,    // `index`-th buffer of the arena; contiguous
    output,    // freshly allocated, given to the caller or to a shared variable; contiguous
    view,      // of slot `index`, from element `offset`
    dynamic,   // made by a host step, which sets shape and memory (its dims are read by `dim` instructions)
    in_place,  // new value of the `index`-th shared variable, written over the old one after the commit point when
               // nobody else holds it, else fresh; contiguous
  };
  Source source = Source::buffer;
  int index = -1;
  DType dtype = DType::f64;
  std::vector<SizeReg> shape;
  std::vector<SizeReg> strides;  // buffer, output, in_place, constant: contiguous, registers given all the same
  SizeReg offset = no_reg;       // view
};

struct KernelStep {
  int kernel = -1;                 // index into Program::kernels
  std::vector<int> buffers;        // slot of each buffer of the kernel
  std::vector<SizeReg> ints;       // its int parameters
  SizeReg count = no_reg;          // size of the parallel range; nothing runs when it is 0
  double cost = 1;                 // estimated nanoseconds per index of the range and per ...
  SizeReg cost_items = no_reg;     // ... item within an index (no_reg: 1)
  SizeReg scratch = no_reg;        // bytes of scratch per worker (no_reg: none)
  SizeReg minimum_grain = no_reg;  // no_reg: 1
  std::vector<int> sites;          // Program::sites index of each checked_index site of the kernel
  bool serial = false;             // the whole range in one piece, in order
  bool coarse = false;             // in few pieces for each thread
  int copied = -1, copy = -1;      // slots: it only copies the first to the second; not run when they are one memory
};

/// out = beta * c + alpha * a . b on rank-2 (or degenerate rank-1) operands; slots carry strides. Rank-3 operands, then
/// without c, are stacks of matrices.
struct GemmStep {
  int out = -1, a = -1, b = -1, c = -1;  // c < 0: none (beta 0). c may be the same memory as out
  double alpha = 1, beta = 0;
  int alpha_slot = -1, beta_slot = -1;  // rank-0 slots of the dtype, when not constant
};

/// Calls the row's reference value (or the user's own op).
struct HostStep {
  NodePtr node;
  std::vector<int> inputs, outputs;  // outputs: `dynamic`, or buffer/output slots into which the result is copied
};

struct Block;

/// Runs one of two blocks; results of the chosen one are copied or aliased into the outputs.
struct BranchStep {
  int condition = -1;  // rank-0 bool or number slot
  std::unique_ptr<Block> then_block, else_block;
  std::vector<int> then_results, else_results, outputs;  // outputs: `dynamic` slots
};

class Executor;

struct Step {
  enum class Kind : uint8_t { sizes, kernel, gemm, host, branch, loop, commit } kind;
  // sizes: registers and guards [first, last)
  int first_instruction = 0, last_instruction = 0;
  int first_guard = 0, last_guard = 0;
  std::vector<int> prepares;  // slots whose memory is made ready before this step, in order (alloc, view pointers)
  KernelStep kernel;
  GemmStep gemm;
  HostStep host;  // also of a loop: its node, inputs and outputs
  BranchStep branch;
  std::shared_ptr<Executor> loop_body;
  int profile = -1;  // index into Program::profile.steps
  int site = -1;     // for errors of host calls
};

struct Block {
  std::vector<Step> steps;
};

struct CompiledCode {  // one kernel, compiled when the program was made
  loop::Kernel loops;
  KernelFunction entry = nullptr;
  std::shared_ptr<void> code;
  std::string assembly;
};

struct Program {
  std::vector<int64_t> constants;  // values of registers 0 .. constants.size()-1
  int register_count = 0;
  std::vector<SizeInstruction> size_instructions;
  std::vector<Guard> guards;
  std::vector<Slot> slots;
  int buffer_count = 0;
  std::vector<Array> literals;
  std::vector<std::shared_ptr<SharedCell>> shared;  // in id order: the lock order
  std::vector<bool> shared_updated;
  std::vector<CompiledCode> kernels;
  std::vector<Site> sites;
  Block body;
  std::vector<int> input_slots;   // by argument; -1: unused
  std::vector<int> output_slots;  // of the function's outputs, in order (any source: the executor copies what it must:
                                  // an output that is an input, a shared value, a constant or a view is copied)
  std::vector<std::pair<int, int>> updates;  // (index into shared, slot of the new value)
  std::vector<bool> assumes_contiguous;  // by argument: this program is right only when that argument is C-contiguous
  bool checked = false;                  // kernels were emitted with bounds checks: frames need bounds
};

std::string print(const Program& program);

}  // namespace croton
