// The arrays of a thread's calls through the C++ and C interfaces, kept so that a call needs no new memory.
#pragma once

#include <memory>
#include <vector>

#include "ir/array.h"

namespace croton::face {

struct Frame {
  std::vector<Array> inputs, outputs;
  bool taken = false;
};

/// A call within a call gets a frame of its own.
class FrameLease {
 public:
  FrameLease() {
    thread_local Frame kept;
    if (kept.taken) {
      own_ = std::make_unique<Frame>();
      frame_ = own_.get();
    } else {
      frame_ = &kept;
      kept.taken = true;
    }
  }
  FrameLease(const FrameLease&) = delete;
  FrameLease& operator=(const FrameLease&) = delete;
  ~FrameLease() {
    // Only what the engine made for this call: copies of arguments, results that an error left.
    for (std::vector<Array>* arrays : {&frame_->inputs, &frame_->outputs}) {
      for (Array& array : *arrays) {
        if (array.storage) array.storage.reset();
      }
    }
    frame_->taken = false;
  }
  Frame* operator->() { return frame_; }

 private:
  Frame* frame_;
  std::unique_ptr<Frame> own_;
};

}  // namespace croton::face
