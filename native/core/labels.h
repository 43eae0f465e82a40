// Texts that go with actors of one slot: what a stand-in stands for, which every thread may want to know.
//
// Calls:    any thread. Bound: memory; the slot's thread takes out what it put in. Allocates; a mutex.
#pragma once

#include <cstdint>
#include <mutex>
#include <string>
#include <unordered_map>

namespace pulsing {

class Labels {
 public:
  /// generation: no two actors of a slot have the same. An empty text takes the label out.
  void put(uint32_t generation, const std::string& text) {
    const std::lock_guard lock(mutex_);
    if (text.empty())
      texts_.erase(generation);
    else
      texts_[generation] = text;
  }

  /// Empty where there is none.
  [[nodiscard]] std::string find(uint32_t generation) const {
    const std::lock_guard lock(mutex_);
    const auto found = texts_.find(generation);
    return found == texts_.end() ? std::string() : found->second;
  }

 private:
  mutable std::mutex mutex_;
  std::unordered_map<uint32_t, std::string> texts_;  // guarded by mutex_
};

}  // namespace pulsing
