// Says to whoever makes room that somebody waits for it, a bit a slot.
//
// Calls:    any thread.
// Allocates nothing; every call is wait-free.
// The waiter: put_up, look once more whether there is room, and only then wait. The maker: make room, made(), any().
// Both write before they read with a seq_cst fence between, so at least one sees the other.
#pragma once

#include "sync.h"

namespace pulsing {

template <class Sync>
class WaitSign {
 public:
  void put_up(uint32_t slot) {
    waiting_.fetch_or(uint64_t{1} << slot, std::memory_order_relaxed);
    if constexpr (!weakened(kWaiterFence)) Sync::fence();  // before the waiter's second look; pairs with made()
  }
  /// After room was made, by this thread, anywhere.
  static void made() {
    if constexpr (!weakened(kRoomFence)) Sync::fence();  // before any(); pairs with put_up
  }
  [[nodiscard]] bool any() const { return waiting_.load(std::memory_order_relaxed) != 0; }
  /// The bits, taken by the caller.
  [[nodiscard]] uint64_t take() { return waiting_.exchange(0, std::memory_order_relaxed); }
  /// Only under a lock that put_up is called under too.
  void set(uint64_t slots) { waiting_.store(slots, std::memory_order_relaxed); }

 private:
  typename Sync::template Atomic<uint64_t> waiting_{0};
};

}  // namespace pulsing
