// The identity of a library's build, which the linker writes into it: equal ids are equal libraries.
#pragma once

#include <string>

namespace croton {

/// Of the loaded library that holds this address, and of a file. Empty where there is none.
std::string build_id_of_address(const void* address);
std::string build_id_of_file(const std::string& path);

}  // namespace croton
