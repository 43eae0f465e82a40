// The engine's one table of repeated strings, shapes and class descriptions: append-only, so that a frame can be read by
// whatever thread takes a slot over.
//
// Calls:    any thread. Bound: kMaxEntries; past it, callers write inline. Allocates; a mutex (the callers cache).
#pragma once

#include <cstdint>
#include <deque>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

namespace pulsing {

class Interner {
 public:
  static constexpr uint32_t kMaxEntries = 1u << 16;

  /// The id of `text` (UTF-16, so that any JavaScript string is kept as it is), above 0, or -1 where the table is full.
  [[nodiscard]] int32_t put(std::u16string_view text) {
    const std::lock_guard lock(mutex_);
    if (const auto found = ids_.find(text); found != ids_.end()) return found->second;
    if (texts_.size() >= kMaxEntries) return -1;
    const auto id = static_cast<int32_t>(texts_.size());
    ids_.emplace(texts_.emplace_back(text), id);  // a deque's elements stay where they are
    return id;
  }

  /// Valid for the life of the table; empty for an unknown id.
  [[nodiscard]] std::u16string_view text(uint32_t id) const {
    const std::lock_guard lock(mutex_);
    return id < texts_.size() ? std::u16string_view(texts_[id]) : std::u16string_view();
  }

  [[nodiscard]] size_t size() const {
    const std::lock_guard lock(mutex_);
    return texts_.size();
  }

 private:
  mutable std::mutex mutex_;
  std::deque<std::u16string> texts_{1};                         // guarded by mutex_; 0 is none
  std::unordered_map<std::u16string_view, int32_t> ids_;        // guarded by mutex_
};

}  // namespace pulsing
