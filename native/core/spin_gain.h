// Whether spinning pays: a thread that nothing came for lately, however long it spun, sleeps at once.
//
// Calls:    one thread.
// Bound:    two bytes.
#pragma once

#include <cstdint>

namespace pulsing {

class SpinGain {
 public:
  /// Whether to spin now. Where it did not pay lately, one time in kTryEvery.
  [[nodiscard]] bool worth() {
    if (left_ != 0) return true;
    if (++skipped_ < kTryEvery) return false;
    skipped_ = 0;
    return true;
  }

  void spun(bool paid) {
    if (paid)
      left_ = kMisses;
    else if (left_ != 0)
      --left_;
  }

  static constexpr uint8_t kMisses = 8;  // in a row, until it is not worth it
  static constexpr uint8_t kTryEvery = 32;

 private:
  uint8_t left_ = kMisses;
  uint8_t skipped_ = 0;
};

}  // namespace pulsing
