// The actors of one slot that have messages, in turn.
//
// Calls: the owner alone. Bound: one entry an actor. Allocates nothing: the links stand in the mailboxes.
#pragma once

#include <cstdint>

namespace pulsing {

/// Mailboxes gives uint32_t& next_ready(uint32_t index), which holds index + 1 of the next, 0 for none.
template <class Mailboxes>
class RunQueue {
 public:
  explicit RunQueue(Mailboxes& mailboxes) : mailboxes_(mailboxes) {}

  [[nodiscard]] bool empty() const { return head_ == 0; }

  void push(uint32_t index) {
    mailboxes_.next_ready(index) = 0;
    if (tail_ != 0)
      mailboxes_.next_ready(tail_ - 1) = index + 1;
    else
      head_ = index + 1;
    tail_ = index + 1;
  }

  /// Not empty.
  [[nodiscard]] uint32_t pop() {
    const uint32_t index = head_ - 1;
    head_ = mailboxes_.next_ready(index);
    if (head_ == 0) tail_ = 0;
    return index;
  }

 private:
  Mailboxes& mailboxes_;
  uint32_t head_ = 0;
  uint32_t tail_ = 0;
};

}  // namespace pulsing
