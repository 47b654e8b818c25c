// Exceptions that Croton throws: one plain type per kind of failure, each becomes one Python exception type.
#pragma once

#include <stdexcept>
#include <string>
#include <utility>

// The types cross shared objects (the engine, the code generator), so their type information is never hidden.
#pragma GCC visibility push(default)

namespace croton {

// The message is a field, not a constant: a layer that knows more (a source line, the sizes) appends to it and
// rethrows.
struct Error : std::runtime_error {
  explicit Error(std::string text) : std::runtime_error("croton error"), message(std::move(text)) {}
  const char* what() const noexcept override { return message.c_str(); }

  std::string message;
};

struct TypeError : Error {
  using Error::Error;
};

struct ValueError : Error {
  using Error::Error;
};

struct IndexError : Error {
  using Error::Error;
};

struct NotImplementedError : Error {
  using Error::Error;
};

struct MemoryError : Error {
  using Error::Error;
};

struct AssertionError : Error {
  using Error::Error;
};

struct ZeroDivisionError : Error {
  using Error::Error;
};

// A number (usually a size) that does not fit.
struct OverflowError : ValueError {
  using ValueError::ValueError;
};

// A matrix that a decomposition or solution does not exist for; NumPy's LinAlgError.
struct LinearAlgebraError : ValueError {
  using ValueError::ValueError;
};

// An input of a function that no output depends on.
struct UnusedInputError : Error {
  using Error::Error;
};

// A variable that an output depends on and that is neither computed nor given.
struct MissingInputError : Error {
  using Error::Error;
};

// A gradient asked for with respect to a variable that the cost does not depend on.
struct DisconnectedInputError : ValueError {
  using ValueError::ValueError;
};

// A gradient that is mathematically or practically undefined.
struct NullTypeGradError : TypeError {
  using TypeError::TypeError;
};

// The user asked to stop (Ctrl-C); becomes KeyboardInterrupt.
struct Interrupted : Error {
  using Error::Error;
};

// A defect of the compiler itself, never of the user's program.
struct InternalError : Error {
  using Error::Error;
};

}  // namespace croton

#pragma GCC visibility pop
