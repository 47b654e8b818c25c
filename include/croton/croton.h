// Croton's C++ face in one header: symbolic arrays, gradients, compiled functions.
#pragma once

#include "croton/array.h"
#include "croton/dtype.h"
#include "croton/error.h"
#include "croton/function.h"
#include "croton/ops.h"
#include "croton/variable.h"
