// A slot's inbox: batches from any thread to the one that owns the slot.
//
// Calls:    push by any thread; take_all by the owner; empty by any thread.
// Bound:    none of its own; it links headers that stand in segments, and those are bounded.
// Allocates nothing. push is lock-free, take_all wait-free but for the length of the list.
// Shutdown: nothing to do; what is linked stays for the next owner of the slot.
#pragma once

#include "sync.h"

namespace pulsing {

/// Nodes gives the link of a node: uint32_t next(uint32_t node) and void set_next(uint32_t node, uint32_t to). The link is
/// plain memory: it belongs to the pusher until push, to the owner from take_all on.
template <class Sync, class Nodes>
class Inbox {
 public:
  explicit Inbox(Nodes& nodes) : nodes_(nodes) {}
  Inbox(const Inbox&) = delete;
  Inbox& operator=(const Inbox&) = delete;

  /// True where the inbox was empty: only that push has to look whether the owner sleeps, for a later one is seen by the
  /// owner's re-check or by the wake-up of the first.
  [[nodiscard]] bool push(uint32_t node) {
    uint32_t head = head_.load(std::memory_order_relaxed);  // a guess; the exchange below corrects it
    do {
      nodes_.set_next(node, head);
      // release: publishes the batch and its link to take_all's acquire. seq_cst: comes before the look at the parker in
      // the one total order, in which the sleeper's store comes before its look here (empty), so one of the two sees.
    } while (!head_.compare_exchange_weak(head, node, push_order(), std::memory_order_relaxed));
    return head == 0;
  }

  /// The batches that were there, oldest first, linked by next; 0 for none.
  [[nodiscard]] uint32_t take_all() {
    // acquire: pairs with push's release, for every batch of the list, since each exchange continues the release sequence.
    uint32_t node = head_.exchange(0, order(kInboxTake, std::memory_order_acquire, std::memory_order_relaxed));
    uint32_t oldest = 0;
    while (node != 0) {
      const uint32_t older = nodes_.next(node);
      nodes_.set_next(node, oldest);
      oldest = node;
      node = older;
    }
    return oldest;
  }

  /// seq_cst: the sleeper's re-check, see push and Parker::sleep. A plain load on x64 and an acquire load on arm64.
  [[nodiscard]] bool empty() const {
    return head_.load(order(kInboxLook, std::memory_order_seq_cst, std::memory_order_relaxed)) == 0;
  }

 private:
  static constexpr std::memory_order push_order() {
    if (weakened(kInboxPublish)) return std::memory_order_relaxed;
    return order(kInboxPushOrder, std::memory_order_seq_cst, std::memory_order_release);
  }

  alignas(64) typename Sync::template Atomic<uint32_t> head_{0};
  Nodes& nodes_;
};

}  // namespace pulsing
