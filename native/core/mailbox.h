// The mailbox of one actor: the frames that wait for it, in the arena, or on the heap where they waited long.
//
// Calls:    the owner of the slot alone, but for the account, which any sender may read and add to.
// Bound:    capacity in messages and bytes. Senders count what they send against the account in blocks of up to 1,000, so
//           that is what each sending thread may exceed it by; drop-oldest is kept exactly by the owner.
// Allocates only where frames are moved to the heap. Shutdown: Slot::close hands its frames back as bounces.
// The system lane is the slot's, before all mailboxes: a pause never holds it up.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

#include "frame.h"

namespace pulsing {

enum class MailboxState : uint8_t { kClosed, kIdle, kReady, kPaused };
enum class Overflow : uint8_t { kWait = 0, kFail = 1, kDropNewest = 2, kDropOldest = 3 };

/// A count for one generation of an index, both in one word: what a late sender counts never goes to the next actor there.
class Tally {
 public:
  void reset(uint32_t generation) { word_.store(uint64_t{generation} << 32, std::memory_order_relaxed); }
  /// The count with `more` in `now`; false, and nothing counted, where the generation is another.
  [[nodiscard]] bool add(uint32_t generation, uint32_t more, uint32_t& now) {
    uint64_t word = word_.load(std::memory_order_relaxed);
    do {
      if (word >> 32 != generation) return false;
      now = static_cast<uint32_t>(word) + more;
    } while (!word_.compare_exchange_weak(word, uint64_t{generation} << 32 | now, std::memory_order_relaxed));
    return true;
  }
  [[nodiscard]] uint32_t count() const { return static_cast<uint32_t>(word_.load(std::memory_order_relaxed)); }

 private:
  std::atomic<uint64_t> word_{0};
};

/// What senders on other threads need to know of a mailbox.
struct Account {
  std::atomic<uint32_t> generation{0};  // 0: nobody there
  Tally sent;                           // messages that senders have counted
  Tally sent8;                          // and their bytes / 8
  std::atomic<uint32_t> handled{0};     // messages that have left the mailbox; the owner's
  std::atomic<uint32_t> handled8{0};
  std::atomic<uint32_t> capacity{0};    // these are set before generation is
  std::atomic<uint32_t> capacity8{0};
  std::atomic<Overflow> overflow{Overflow::kWait};

  void open(uint32_t of, uint32_t messages, uint32_t bytes8, Overflow policy) {
    capacity.store(messages, std::memory_order_relaxed);
    capacity8.store(bytes8, std::memory_order_relaxed);
    overflow.store(policy, std::memory_order_relaxed);
    sent.reset(of);
    sent8.reset(of);
    handled.store(0, std::memory_order_relaxed);
    handled8.store(0, std::memory_order_relaxed);
    generation.store(of, std::memory_order_release);  // pairs with count_sent's acquire
  }
};

enum class Room : uint32_t { kYes = 0, kFull = 1, kGone = 2 };

/// Counts what a sender has sent since it counted last, and says whether there is room for more. relaxed: these are counts
/// and publish nothing else; generation's acquire pairs with open()'s release for the capacities.
[[nodiscard]] inline Room count_sent(Account& a, uint32_t generation, uint32_t messages, uint32_t bytes8) {
  if (a.generation.load(std::memory_order_acquire) != generation) return Room::kGone;
  uint32_t sent = 0, sent8 = 0;
  if (!a.sent.add(generation, messages, sent) || !a.sent8.add(generation, bytes8, sent8)) return Room::kGone;
  const auto depth = static_cast<int32_t>(sent - a.handled.load(std::memory_order_relaxed));
  const auto depth8 = static_cast<int32_t>(sent8 - a.handled8.load(std::memory_order_relaxed));
  // An empty mailbox takes any legal message, so bytes alone never make one full.
  const bool full = depth >= static_cast<int32_t>(a.capacity.load(std::memory_order_relaxed)) ||
                    (depth > 0 && depth8 >= static_cast<int32_t>(a.capacity8.load(std::memory_order_relaxed)));
  return full ? Room::kFull : Room::kYes;
}

/// Half is free again: time to tell the senders that wait.
[[nodiscard]] inline bool half_free(const Account& a) {
  const auto depth = static_cast<int32_t>(a.sent.count() - a.handled.load(std::memory_order_relaxed));
  const auto depth8 = static_cast<int32_t>(a.sent8.count() - a.handled8.load(std::memory_order_relaxed));
  return depth <= static_cast<int32_t>(a.capacity.load(std::memory_order_relaxed) / 2) &&
         depth8 <= static_cast<int32_t>(a.capacity8.load(std::memory_order_relaxed) / 2);
}

struct alignas(64) Mailbox {
  Addr head = 0;
  Addr tail = 0;
  uint32_t depth = 0;       // frames that wait, in the arena and on the heap
  uint32_t next_ready = 0;  // in the run queue: index + 1
  uint32_t quota = 0;       // frames a batch
  MailboxState state = MailboxState::kClosed;
  bool queued = false;      // in the run queue, which may outlast a pause or a close
  bool kept = false;        // outlives its thread: the next one makes the actor again
  int32_t class_id = -1;    // of one that is kept
  Account account;
  /// Older than everything at head: frames that were moved out of the arena, each with its own words.
  std::unique_ptr<std::deque<std::vector<uint32_t>>> moved;

  static constexpr uint32_t kQuota = 256;
};

}  // namespace pulsing
