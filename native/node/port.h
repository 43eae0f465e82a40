// A slot as JavaScript sees it: the functions of a port object. One is made by attach; it stays valid, and safe to call,
// after the slot was left.
#pragma once

#include <node_api.h>

#include <cstdint>
#include <memory>

namespace pulsing {

class Engine;

/// The port object, or undefined where the slot is not vacant.
[[nodiscard]] napi_value make_port(napi_env env, std::shared_ptr<Engine> engine, uint32_t slot, napi_value run);

}  // namespace pulsing
