// What the rows of random numbers share: types, sizes and shapes given as inputs. The lists of their rows, one per
// file.
#pragma once

#include <span>
#include <vector>

#include "ir/op.h"

namespace croton {

/// A tensor of the dtype that attributes.ints names, with one axis per input from `first` on, which are its sizes.
Type sized_type(const TypeQuery& q, size_t first);
std::vector<SizeId> given_sizes(SizeQuery& q, size_t first);
std::vector<int64_t> given_shape(std::span<const Array> sizes);

// Of random_ops().
std::vector<Op> random_state_rows();   // random_state.cpp: numbers from NumPy's RandomState
std::vector<Op> random_choice_rows();  // random_choice.cpp: choices from it
std::vector<Op> stream_rows();         // random_streams.cpp: draws from MRG31k3p, and choices by uniform numbers

}  // namespace croton
