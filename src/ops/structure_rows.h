// The lists of rows that the families of structural ops are put together from, one per file.
#pragma once

#include <vector>

#include "ir/op.h"

namespace croton {

// Of shape_ops().
std::vector<Op> size_rows();     // shape.cpp: shape, shape_i, make_vector, specify_shape, rebroadcast
std::vector<Op> reshape_rows();  // reshape.cpp: dimshuffle, reshape
std::vector<Op> fill_rows();     // fill.cpp: alloc, arange
std::vector<Op> join_rows();     // join.cpp

// Of reduce_ops().
std::vector<Op> extremum_rows();  // extremum.cpp: max, min, argmax, max_and_argmax

// Of index_ops().
std::vector<Op> slice_rows();            // index.cpp: subtensor
std::vector<Op> slice_update_rows();     // index_update.cpp: set_subtensor, inc_subtensor
std::vector<Op> advanced_rows();         // advanced_index.cpp: advanced_subtensor
std::vector<Op> advanced_update_rows();  // advanced_update.cpp: advanced_set_subtensor, advanced_inc_subtensor

// Of control_ops().
std::vector<Op> host_rows();  // host.cpp: host_op, host_effect_op
std::vector<Op> scan_rows();  // scan.cpp

}  // namespace croton
