// Names of actors in this process. A name has one actor.
//
// Calls:    any thread. Bound: memory. Allocates; a mutex (a name is looked up once, then a reference is used).
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <vector>

namespace pulsing {

/// Where a message goes. slot kPoolSlot: a pool of that index.
struct Target {
  uint32_t slot = 0;
  uint32_t index = 0;
  uint32_t generation = 0;
  bool operator==(const Target&) const = default;
};

struct NameEntry {
  Target target;
  int32_t class_id = -1;  // the interned description of its class
};

class Registry {
 public:
  /// False where the name is taken.
  [[nodiscard]] bool add(const std::string& name, const NameEntry& entry) {
    const std::lock_guard lock(mutex_);
    return names_.emplace(name, entry).second;
  }

  [[nodiscard]] bool find(const std::string& name, NameEntry& entry) const {
    const std::lock_guard lock(mutex_);
    const auto found = names_.find(name);
    if (found == names_.end()) return false;
    entry = found->second;
    return true;
  }

  /// Only where it still names that actor.
  void remove(const std::string& name, const Target& target) {
    const std::lock_guard lock(mutex_);
    const auto found = names_.find(name);
    if (found != names_.end() && found->second.target == target) names_.erase(found);
  }

  /// Those of its actors that are gone.
  template <class IsThere>
  void remove_slot(uint32_t slot, IsThere&& is_there) {
    const std::lock_guard lock(mutex_);
    std::erase_if(names_, [&](const auto& item) {
      return item.second.target.slot == slot && !is_there(item.second.target);
    });
  }

  [[nodiscard]] std::vector<std::pair<std::string, NameEntry>> list() const {
    const std::lock_guard lock(mutex_);
    return {names_.begin(), names_.end()};
  }

 private:
  mutable std::mutex mutex_;
  std::map<std::string, NameEntry> names_;  // guarded by mutex_
};

}  // namespace pulsing
