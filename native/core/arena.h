// The arena and its segments.
//
// Calls:    take and give by the thread that owns the cache passed; add, done and hold by any thread that has a frame or
//           the writer's share of the segment; the rest by any thread.
// Bound:    the arena's size. `reserve` segments are kept for system frames, so that a full system can still drain.
// Allocates nothing after construction. The shared list takes a mutex, once for several segments.
// Shutdown: the memory is JavaScript's (a SharedArrayBuffer); nothing here touches it in a destructor.
#pragma once

#include <array>
#include <atomic>
#include <mutex>

#include "countdown.h"
#include "frame.h"
#include "sync.h"
#include "wait_sign.h"

namespace pulsing {

struct SegmentHeader {
  Countdown<Threads> live;
  uint32_t next;  // in a free list
};
static_assert(sizeof(SegmentHeader) <= kSegmentHeaderBytes);

/// Free segments of one slot, used by its owner alone; it stays with the slot when its thread dies.
struct SegmentCache {
  static constexpr uint32_t kMost = 4;
  std::array<uint32_t, kMost> items{};
  uint32_t count = 0;
};

class Arena {
 public:
  /// memory: zeroed, 64-byte aligned. At least 4 segments a slot must fit behind the control blocks.
  Arena(uint8_t* memory, size_t bytes, uint32_t slots);
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  [[nodiscard]] Frame& frame(Addr a) const { return *reinterpret_cast<Frame*>(memory_ + size_t{a} * 8); }
  [[nodiscard]] BatchHeader& batch(Addr a) const { return *reinterpret_cast<BatchHeader*>(memory_ + size_t{a} * 8); }
  [[nodiscard]] uint32_t* words(Addr a) const { return reinterpret_cast<uint32_t*>(memory_ + size_t{a} * 8); }
  /// What a frame counts for in a mailbox's bound: itself and its blocks, in 8 bytes.
  [[nodiscard]] uint32_t bytes8(Addr a) const {
    const Frame& f = frame(a);
    return f.has_blocks() ? f.size() + words(a + f.size())[-2] : f.size();
  }
  [[nodiscard]] volatile int32_t* control(uint32_t slot) const {
    return reinterpret_cast<volatile int32_t*>(memory_ + size_t{slot} * kControlBytes);
  }
  [[nodiscard]] uint32_t segment_of(Addr a) const { return a >> (shift_ - 3); }
  [[nodiscard]] Addr first(uint32_t segment) const {
    return (segment << (shift_ - 3)) + static_cast<Addr>(kSegmentHeaderBytes / 8);
  }
  [[nodiscard]] Addr end(uint32_t segment) const { return (segment + 1) << (shift_ - 3); }
  [[nodiscard]] uint32_t segment_bytes() const { return 1u << shift_; }
  [[nodiscard]] uint32_t segments() const { return total_; }

  /// A segment with the writer's share held, or 0 when none is left for this purpose.
  [[nodiscard]] uint32_t take(SegmentCache& cache, bool system);
  /// Frames were written.
  void add(uint32_t segment, uint32_t frames) { header(segment).live.add(frames); }
  /// `frames` of the segment are done (or the writer's share is given up); at nought it goes back.
  void done(uint32_t segment, uint32_t frames, SegmentCache& cache) {
    if (header(segment).live.done(frames)) give(segment, cache);
  }

  /// Segments nobody uses, roughly.
  [[nodiscard]] uint32_t free_count() const { return free_.load(std::memory_order_relaxed); }
  /// Few are left: what waits long should move out.
  [[nodiscard]] bool low() const { return free_count() < low_; }
  /// A slot found none: it is among take_room()'s once there are some again. False where there are already.
  [[nodiscard]] bool want_room(uint32_t slot);
  /// Slots that found none, once some are there again: a bit a slot, taken by the caller, who called WaitSign's made
  /// between giving segments back and this.
  [[nodiscard]] uint64_t take_room();

 private:
  [[nodiscard]] SegmentHeader& header(uint32_t segment) const {
    return *reinterpret_cast<SegmentHeader*>(memory_ + (size_t{segment} << shift_));
  }
  void give(uint32_t segment, SegmentCache& cache);
  [[nodiscard]] bool roomy() const { return free_count() > roomy_; }

  uint8_t* const memory_;
  uint32_t shift_ = 15;
  uint32_t first_segment_ = 0;
  uint32_t total_ = 0;
  uint32_t reserve_ = 0;  // system frames alone take these
  uint32_t roomy_ = 0;    // more than these: whoever found none is told
  uint32_t low_ = 0;      // fewer than these: what waits long moves out
  uint32_t cache_size_ = 0;
  std::atomic<uint32_t> free_{0};
  WaitSign<Threads> wanting_;
  std::mutex mutex_;
  uint32_t list_ = 0;         // guarded by mutex_
  uint32_t listed_ = 0;       // guarded by mutex_
  uint32_t untouched_ = 0;    // guarded by mutex_: the first segment never used, so that memory is touched as used
};

}  // namespace pulsing
