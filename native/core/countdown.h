// The count of what keeps a segment in use: its frames that are not done, and one for its writer.
//
// Calls:    start by whoever took the segment; add by the writer, while it holds its share; done by any holder of a share.
// Allocates nothing; every call is wait-free.
#pragma once

#include "sync.h"

namespace pulsing {

template <class Sync>
class Countdown {
 public:
  /// The writer's share. relaxed: published with the first batch.
  void start() { live_.store(1, std::memory_order_relaxed); }
  /// relaxed: the writer still holds its share, so nobody can bring the count to nought meanwhile.
  void add(uint32_t shares) { live_.fetch_add(shares, std::memory_order_relaxed); }
  /// True for the last: the segment is nobody's.
  [[nodiscard]] bool done(uint32_t shares) {
    // acq_rel: what the others read and wrote in the segment comes before its reuse by whoever takes it.
    return live_.fetch_sub(shares, order(kSegmentDone, std::memory_order_acq_rel, std::memory_order_relaxed)) == shares;
  }

 private:
  typename Sync::template Atomic<uint32_t> live_;
};

}  // namespace pulsing
