// Memory outside the arena that messages carry: bytes over 4 KiB, whole large messages, moved buffers.
//
// Calls:    any thread; an id is held by one frame, so by one thread at a time.
// Bound:    maxMessageBytes a message; the mailbox's bound in bytes counts them.
// Allocates a table entry a block. A mutex: a block costs far more than that.
// Shutdown: what is left is freed with the table.
#pragma once

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <vector>

namespace pulsing {

struct Block {
  void* memory = nullptr;
  size_t bytes = 0;
  void (*release)(void* memory) = nullptr;  // what frees `memory`
  uint32_t kind = 0;                        // the binding's own: what `memory` is
};

class Blocks {
 public:
  Blocks() = default;
  ~Blocks();
  Blocks(const Blocks&) = delete;
  Blocks& operator=(const Blocks&) = delete;

  /// An id above 0 that owns the block. It is another one for a thousand blocks to come in that place, so that what was taken
  /// can be dropped once more and nobody else's is hit.
  [[nodiscard]] uint32_t put(const Block& block);
  /// Gives the block away; memory is null where there is none of that id any more.
  [[nodiscard]] Block take(uint32_t id);
  /// Frees it, if it is there.
  void drop(uint32_t id);
  [[nodiscard]] size_t bytes_of(uint32_t id) const;
  [[nodiscard]] size_t count() const;

 private:
  struct Entry {
    Block block;
    uint32_t turn = 0;  // in the id, above the index
  };
  static constexpr uint32_t kIndexBits = 22;
  static constexpr uint32_t kIndexMask = (1u << kIndexBits) - 1;

  mutable std::mutex mutex_;
  std::vector<Entry> entries_{1};     // guarded by mutex_; 0 is none
  std::vector<uint32_t> free_;        // guarded by mutex_: indices
};

}  // namespace pulsing
