// How the engine throws: the exception types (public, in croton/error.h) with a formatted message.
#pragma once

#include <fmt/format.h>

#include <utility>

#include "croton/error.h"

namespace croton {

// raise<ValueError>("axis {} is out of range for rank {}", axis, rank);
template <class E, class... A>
[[noreturn, gnu::cold, gnu::noinline]] void raise(fmt::format_string<A...> format, A&&... arguments) {
  throw E(fmt::format(format, std::forward<A>(arguments)...));
}

}  // namespace croton
