// Compiled functions: from variables to a program that runs on arrays.
#pragma once

#include <concepts>
#include <initializer_list>
#include <memory>
#include <source_location>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "croton/cfunction.h"
#include "croton/ops.h"

namespace croton {

class Function;  // the engine's; opaque here

/// After each call, `shared` holds the new value.
struct SharedUpdate {
  SharedVariable shared;
  Variable value;
};
/// While compiling, `replacement` stands in the place of `variable`.
struct Given {
  Variable variable;
  Variable replacement;
};

enum class Optimizer { none, fast_compile, fast_run };

struct FunctionOptions {
  std::vector<Given> givens = {};
  std::string name = {};
  Optimizer optimizer = Optimizer::fast_run;
  bool profile = false;
  bool allow_unused_inputs = false;
  bool allow_input_downcast = false;  // arrays of a wider dtype are converted, with loss
};

/// A compiled function for C: `call(context.get(), ...)` works as long as the context lives.
struct CFunction {
  std::shared_ptr<void> context;
  croton_array_function call;
  croton_scalar_function call_scalars;  // null where inputs and the output are no float64 scalars
};

/// A compiled function. Copies share it; calls may come from many threads at once. When a call throws, no shared
/// variable has changed.
class CompiledFunction {
 public:
  explicit CompiledFunction(std::shared_ptr<Function> engine, bool allow_downcast)
      : engine_(std::move(engine)), allow_downcast_(allow_downcast) {}

  /// Runs it. Inputs are only read; of a dtype that converts without loss; any strides. Results own their memory.
  std::vector<OwnedArray> call(std::span<const ArrayView> inputs) const;
  template <std::convertible_to<ArrayView>... Arrays>
  std::vector<OwnedArray> operator()(const Arrays&... inputs) const {
    return call(std::vector<ArrayView>{ArrayView(inputs)...});
  }
  std::vector<OwnedArray> operator()(std::initializer_list<ArrayView> inputs) const {
    return call(std::vector<ArrayView>(inputs));
  }
  /// Runs it and writes the results into the caller's memory.
  void call_into(std::span<const ArrayView> inputs, std::span<const OutputView> outputs) const;

  CFunction c_function() const;

  std::string profile() const;                       // Theano's table; empty without FunctionOptions::profile
  std::string dump(const std::string& stage) const;  // "rewritten", "schedule", "loops", "program", "assembly"

 private:
  std::shared_ptr<Function> engine_;
  bool allow_downcast_;
};

/// Compiles: const auto step = function({x, y}, {cost}, {{W, W - 0.1 * gW}});
CompiledFunction function(const std::vector<Variable>& inputs, const std::vector<Variable>& outputs,
                          const std::vector<SharedUpdate>& updates = {}, const FunctionOptions& options = {},
                          std::source_location line = std::source_location::current());

}  // namespace croton
