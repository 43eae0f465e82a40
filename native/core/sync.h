// The one place that names the atomic type and the memory orders of the lock-free parts, so that a test can run the very
// same code on a simulated memory, and can weaken each order in turn to see that it is found out.
#pragma once

#include <atomic>
#include <cstdint>

namespace pulsing {

/// Sites whose order matters. Built with -DPULSING_WEAKEN=<n>, site n takes its weak form.
enum Site : int {
  kInboxPublish = 1,   // Inbox::push, the exchange: release -> relaxed
  kInboxTake = 2,      // Inbox::take_all, the exchange: acquire -> relaxed
  kInboxPushOrder = 3, // Inbox::push, the exchange: seq_cst -> release (loses the order against the look at the parker)
  kParkerSleep = 4,    // Parker::sleep, the store: seq_cst -> release
  kInboxLook = 5,      // Inbox::empty, the load of the re-check: seq_cst -> relaxed
  kParkerLook = 6,     // Parker::asleep, the load of the waker: seq_cst -> relaxed
  kParkerRecheck = 7,  // Engine::sleep, the re-check after Parker::sleep: left out
  kParkerClaim = 8,    // Parker::wake, one waker claims the sleeper: exchange -> load and store
  kSegmentDone = 9,    // Countdown::done: acq_rel -> relaxed
  kWaiterRecheck = 10, // the re-check after a sender said that it waits for room: left out
  kWaiterFence = 11,   // WaitSign::put_up, the fence: left out
  kRoomFence = 12,     // WaitSign::made, the fence: left out
};

#ifndef PULSING_WEAKEN
#define PULSING_WEAKEN 0
#endif

constexpr bool weakened(Site site) { return PULSING_WEAKEN == static_cast<int>(site); }

/// The order of a site, or its weak form where the build asks for it.
constexpr std::memory_order order(Site site, std::memory_order strong, std::memory_order weak) {
  return weakened(site) ? weak : strong;
}

/// Real threads on real memory.
struct Threads {
  template <class T>
  using Atomic = std::atomic<T>;

  static void fence() { std::atomic_thread_fence(std::memory_order_seq_cst); }
  static void pause() {
#if defined(__x86_64__) || defined(_M_X64) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__) && (defined(__GNUC__) || defined(__clang__))
    __asm__ __volatile__("yield");
#endif
  }
};

}  // namespace pulsing
