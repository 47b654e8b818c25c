// Compiled functions: what the faces pass to the compiler, and what they call.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "compile/mode.h"
#include "ir/array.h"
#include "ir/node.h"
#include "runtime/call_control.h"
#include "runtime/profile.h"
#include "runtime/shared.h"

namespace croton {

enum class OnUnused { raise, warn, ignore };
enum class Downcast { yes, no, python_float };  // python_float (the default): a Python float may become floatX

struct InputSpec {
  Var variable;
  std::string name;  // for keyword calls and messages; "" is positional only
  Downcast downcast = Downcast::python_float;
  bool strict = false;
  bool borrow = true;  // the call may read the caller's memory while it runs (never writes)
};
struct OutputSpec {
  Var variable;
  bool borrow = false;
};

struct FunctionSpec {
  std::vector<InputSpec> inputs;
  std::vector<OutputSpec> outputs;
  std::vector<std::pair<Var, Var>> updates;  // (shared variable, new value)
  std::vector<std::pair<Var, Var>> givens;   // (variable of the graph, replacement)
  Mode mode;
  std::string name;
  OnUnused on_unused = OnUnused::raise;
  bool profile = false;
  LineId line = 0;  // where `function` was called
};

struct Program;  // runtime/program.h

/// A compiled function. Calls may come from many threads at once.
class Function {
 public:
  /// Runs it. `inputs` match the spec in count, dtype and rank (faces convert); any strides that are multiples of the
  /// item size, aligned data. Results own their memory, C order. On any error no shared variable has changed.
  std::vector<Array> call(std::span<const Array> inputs);
  /// The same with results written into `outputs` (right dtype and shape, C-contiguous), or allocated where `data` is
  /// null. Without `control` only stop_requested() stops the call.
  void call_into(std::span<const Array> inputs, std::span<Array> outputs, CallControl* control = nullptr);

  const FunctionSpec& spec() const;
  Profile profile() const;                           // a copy of what was measured so far
  std::string dump(const std::string& stage) const;  // "graph", "rewritten", "loops", "program"
  std::vector<Var> rewritten_outputs() const;        // outputs, then update values, after all rewrites
  const Program& program() const;                    // for contiguous inputs
  int variants() const;                              // programs compiled so far, one per set of layouts of the inputs

  ~Function();

 private:
  friend std::shared_ptr<Function> compile(FunctionSpec spec);
  struct Impl;
  explicit Function(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

/// Compiles. Errors: UnusedInputError, MissingInputError, TypeError (an update of another type), ValueError,
/// InternalError.
std::shared_ptr<Function> compile(FunctionSpec spec);

}  // namespace croton
