// Lays the sections of an object file out as one block that works at any address.
#pragma once

#include <llvm/ADT/StringRef.h>

#include <string>

#include "backend/cpu/kernel_image.h"

namespace croton::codegen {

/// Name of the slot in which a kernel finds the address of a function.
std::string function_slot_name(int function);

/// InternalError when the object needs more than the image offers: variables, addresses, other symbols.
KernelImage image_of_object(llvm::StringRef object, const std::string& entry);

}  // namespace croton::codegen
