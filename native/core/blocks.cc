#include "blocks.h"

namespace pulsing {

Blocks::~Blocks() {
  for (const Entry& entry : entries_)
    if (entry.block.memory != nullptr) entry.block.release(entry.block.memory);
}

uint32_t Blocks::put(const Block& block) {
  const std::lock_guard lock(mutex_);
  uint32_t index = 0;
  if (!free_.empty()) {
    index = free_.back();
    free_.pop_back();
  } else {
    index = static_cast<uint32_t>(entries_.size());
    entries_.emplace_back();
  }
  Entry& entry = entries_[index];
  entry.block = block;
  ++entry.turn;
  return entry.turn << kIndexBits | index;
}

Block Blocks::take(uint32_t id) {
  const std::lock_guard lock(mutex_);
  const uint32_t index = id & kIndexMask;
  if (index == 0 || index >= entries_.size()) return {};
  Entry& entry = entries_[index];
  if (entry.block.memory == nullptr || entry.turn << kIndexBits != (id & ~kIndexMask)) return {};
  const Block block = entry.block;
  entry.block = {};
  free_.push_back(index);
  return block;
}

void Blocks::drop(uint32_t id) {
  const Block block = take(id);
  if (block.memory != nullptr) block.release(block.memory);
}

size_t Blocks::bytes_of(uint32_t id) const {
  const std::lock_guard lock(mutex_);
  const uint32_t index = id & kIndexMask;
  return index < entries_.size() ? entries_[index].block.bytes : 0;
}

size_t Blocks::count() const {
  const std::lock_guard lock(mutex_);
  return entries_.size() - 1 - free_.size();
}

}  // namespace pulsing
