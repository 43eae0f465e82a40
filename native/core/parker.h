// Whether the thread of a slot sleeps, and who wakes it.
//
// Calls:    sleep and awake by the owner; asleep and wake by any thread.
// Allocates nothing; every call is wait-free.
// The owner: sleep(...), look at its inbox once more, and only then block. A sender: push, then asleep(), then wake().
// Both sides write before they read, all four seq_cst, so at least one sees the other.
#pragma once

#include "sync.h"

namespace pulsing {

enum class Rest : uint32_t {
  kAwake = 0,
  kBusy = 1,    // asleep with something under way: an ask, a timer, a socket
  kIdle = 2,    // asleep with nothing under way: need not keep the process alive
  kVacant = 3,  // no thread
};

template <class Sync>
class Parker {
 public:
  void sleep(Rest how) {
    // seq_cst: before the owner's look at its inbox, see Inbox::push.
    state_.store(static_cast<uint32_t>(how), order(kParkerSleep, std::memory_order_seq_cst, std::memory_order_release));
  }

  /// The sender's look: seq_cst, after its push. A plain load on x64.
  [[nodiscard]] bool asleep() const {
    const uint32_t s = state_.load(order(kParkerLook, std::memory_order_seq_cst, std::memory_order_relaxed));
    return s == static_cast<uint32_t>(Rest::kBusy) || s == static_cast<uint32_t>(Rest::kIdle);
  }

  /// Ends a sleep and says what it was. One caller alone gets kBusy or kIdle, and has to signal the thread (or is it).
  /// seq_cst: for a thread that counts itself out of Engine::busy and then wakes the host, this is its look at the host's
  /// sleep, after its write; the host sleeps, then looks at busy.
  [[nodiscard]] Rest wake() {
    if constexpr (weakened(kParkerClaim)) {
      const auto was = static_cast<Rest>(state_.load(std::memory_order_seq_cst));
      state_.store(static_cast<uint32_t>(Rest::kAwake), std::memory_order_seq_cst);
      return was;
    }
    return static_cast<Rest>(state_.exchange(static_cast<uint32_t>(Rest::kAwake), std::memory_order_seq_cst));
  }

  /// The slot has no thread from here on; says what it was.
  [[nodiscard]] Rest vacate() {
    return static_cast<Rest>(state_.exchange(static_cast<uint32_t>(Rest::kVacant), std::memory_order_seq_cst));
  }

  [[nodiscard]] Rest state() const { return static_cast<Rest>(state_.load(std::memory_order_relaxed)); }

 private:
  alignas(64) typename Sync::template Atomic<uint32_t> state_{static_cast<uint32_t>(Rest::kVacant)};
};

}  // namespace pulsing
